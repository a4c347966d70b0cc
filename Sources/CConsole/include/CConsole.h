// SPDX-License-Identifier: Apache-2.0
//
// The console's page, as it stands in the folder `page`, made part of the binary.

#ifndef ESW_CCONSOLE_H
#define ESW_CCONSOLE_H

/// One file. Its bytes are never freed.
struct esw_console_file {
  /// In the folder, such as "main.js".
  const char *name;
  /// As `Content-Type` has it.
  const char *media_type;
  const unsigned char *bytes;
  unsigned long size;
};

/// The file of a number, from 0 on, "index.html" first; null behind the last one.
const struct esw_console_file *esw_console_file(unsigned long number);

#endif
