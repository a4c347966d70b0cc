// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What Swift sees of the data path: the layouts of the maps, the compiled programs, and the names of drop reasons.

#ifndef ESW_CDATAPATH_H
#define ESW_CDATAPATH_H

#include "maps.h"

/// The ELF object with programs and maps, for libbpf's `bpf_object__open_mem`. Aligned to 8 bytes, never freed.
/// A function, because Swift does not import an array of unknown length.
const void *esw_datapath_object(void);

/// Its length in bytes.
extern const unsigned long esw_datapath_object_size;

/// Name of a drop reason as in counters, such as "unknown_source"; null for a number that is no `esw_drop_reason`.
const char *esw_drop_reason_name(__u32 reason);

/// The same for people, such as "VXLAN from a remote and VNI that are not configured".
const char *esw_drop_reason_sentence(__u32 reason);

/// Name of a class of frames as in counters and settings, such as "neighbour"; null for a number that is no
/// `esw_class`.
const char *esw_class_name(__u32 number);

#endif
