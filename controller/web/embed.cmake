# SPDX-License-Identifier: Apache-2.0
# Writes the page's files as C: cmake -DFOLDER=… -DOUT=… -P embed.cmake
set(FILES "index.html|/|text/html\; charset=utf-8" "app.css|/app.css|text/css\; charset=utf-8"
  "app.js|/app.js|text/javascript\; charset=utf-8" "icon.svg|/icon.svg|image/svg+xml")
set(bodies "/* Made by embed.cmake. */\n#include \"controller/web/files.h\"\n\n")
set(table "")
set(number 0)
foreach(line IN LISTS FILES)
  string(REPLACE "|" ";" parts "${line}")
  list(GET parts 0 name)
  list(GET parts 1 path)
  string(REGEX REPLACE "^[^|]*\\|[^|]*\\|" "" type "${line}")
  file(READ ${FOLDER}/${name} hex HEX)
  file(SHA256 ${FOLDER}/${name} digest)
  string(SUBSTRING ${digest} 0 16 digest)
  string(REGEX REPLACE "(................................................................)" "\\1\n    " hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND bodies "static const unsigned char file_${number}[] = {\n    ${hex}};\n\n")
  string(APPEND table
    "    {\"${path}\", \"${type}\", file_${number}, sizeof file_${number}, \"\\\"${digest}\\\"\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "${bodies}const struct web_file web_files[WEB_FILES] = {\n${table}};\n")
