// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The compiled eBPF programs, made part of the binary so that one file is the installation.
// build.sh makes the object; it is committed, so that a plain `swift build` needs no eBPF compiler.

#include "CDatapath.h"

// #embed is C23; the compiler of Swift takes it in every mode and warns in older ones.
#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(8) static const unsigned char object[] = {
#embed "ebpf/datapath.bpf.o"
};

const unsigned long esw_datapath_object_size = sizeof(object);

const void *esw_datapath_object(void) { return object; }

#define ESW_DROP_NAME(enumerator, name, sentence) [enumerator] = name,
static const char *const names[ESW_DROP_REASON_COUNT] = {ESW_DROP_REASONS(ESW_DROP_NAME)};

#define ESW_DROP_SENTENCE(enumerator, name, sentence) [enumerator] = sentence,
static const char *const sentences[ESW_DROP_REASON_COUNT] = {ESW_DROP_REASONS(ESW_DROP_SENTENCE)};

#define ESW_CLASS_NAME(enumerator, name, sentence) [enumerator] = name,
static const char *const class_names[ESW_CLASS_COUNT] = {ESW_CLASSES_OF_FRAMES(ESW_CLASS_NAME)};

const char *esw_class_name(__u32 number) { return number < ESW_CLASS_COUNT ? class_names[number] : 0; }

_Static_assert(ESW_CLASS_COUNT <= ESW_CLASSES_MAX, "more classes than rules");
_Static_assert(ESW_DROP_REASON_COUNT <= ESW_DROP_REASONS_MAX, "more reasons than counters");

const char *esw_drop_reason_name(__u32 reason) { return reason < ESW_DROP_REASON_COUNT ? names[reason] : 0; }

const char *esw_drop_reason_sentence(__u32 reason) {
  return reason < ESW_DROP_REASON_COUNT ? sentences[reason] : 0;
}
