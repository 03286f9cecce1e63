# SPDX-License-Identifier: Apache-2.0
#
# The .deb: `./dev package`. The same sources give the same bytes, wherever they are built: times come from
# SOURCE_DATE_EPOCH, paths are mapped away, what is compressed is compressed without names and times.
include(GNUInstallDirs)
set(PACKAGE_FOLDER ${CMAKE_SOURCE_DIR}/controller/service/package)

find_program(GZIP gzip REQUIRED)

# compressed(OUT SOURCE NAME DESTINATION): installs SOURCE as NAME.gz
function(install_compressed source name destination)
  set(out ${CMAKE_BINARY_DIR}/package/${name}.gz)
  add_custom_command(OUTPUT ${out} DEPENDS ${source} VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/package
    COMMAND sh -c "\"$1\" -9 -n -c \"$2\" >\"$3\"" compress ${GZIP} ${source} ${out})
  set_property(GLOBAL APPEND PROPERTY PACKAGE_FILES ${out})
  install(FILES ${out} DESTINATION ${destination})
endfunction()

install(TARGETS mqferry RUNTIME DESTINATION bin)
install(FILES ${PACKAGE_FOLDER}/mqferry.service DESTINATION /lib/systemd/system)
install(DIRECTORY DESTINATION /etc/mqferry)
install(DIRECTORY DESTINATION /etc/mqferry/manifests)
install(DIRECTORY DESTINATION /etc/mqferry/credentials
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)

install(FILES ${PACKAGE_FOLDER}/copyright DESTINATION share/doc/mqferry)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION share/doc/mqferry)
install_compressed(${PACKAGE_FOLDER}/changelog changelog share/doc/mqferry)
install(FILES ${CMAKE_SOURCE_DIR}/manifests/samples/mqferry.yaml ${CMAKE_SOURCE_DIR}/manifests/samples/mapping.yaml
  ${CMAKE_SOURCE_DIR}/manifests/samples/cutover-mapping.yaml ${CMAKE_SOURCE_DIR}/manifests/samples/topics.yaml
  ${CMAKE_SOURCE_DIR}/manifests/samples/groups.yaml
  ${CMAKE_SOURCE_DIR}/manifests/samples/rocketmq-metadata-export.json DESTINATION share/doc/mqferry/examples)
install(FILES ${CMAKE_SOURCE_DIR}/controller/status/monitoring/alerts.yml
  ${CMAKE_SOURCE_DIR}/controller/status/monitoring/dashboard.json DESTINATION share/doc/mqferry/examples/monitoring)
install(FILES ${CMAKE_SOURCE_DIR}/manifests/schema/mqferry.schema.json DESTINATION share/mqferry)

# --- pages of the manual, and completions: made by a program that has the option table and the settings in it ----------
add_executable(describe EXCLUDE_FROM_ALL controller/service/man/describe.c controller/service/man/completions.c
  controller/commands/help.c controller/commands/options.c)
target_link_libraries(describe PRIVATE mqferry-controller)

# described(NAME WHAT DESTINATION [TEMPLATE])
function(describe_to out what)
  add_custom_command(OUTPUT ${out} DEPENDS describe ${ARGN} VERBATIM
    COMMAND sh -c "p=$1; o=$2; shift 2; \"$p\" \"$@\" >\"$o\"" describe $<TARGET_FILE:describe> ${out} ${what} ${ARGN})
endfunction()

find_program(SCDOC scdoc)
if(SCDOC)
  foreach(page mqferry.1 mqferry.yaml.5 mqferry-manifest.5)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(text ${CMAKE_BINARY_DIR}/package/${page}.scd)
    set(roff ${CMAKE_BINARY_DIR}/package/${page})
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
    describe_to(${text} page ${CMAKE_SOURCE_DIR}/controller/service/man/${page}.scd)
    add_custom_command(OUTPUT ${roff} DEPENDS ${text} VERBATIM
      COMMAND sh -c "\"$1\" <\"$2\" >\"$3\"" scdoc ${SCDOC} ${text} ${roff})
    install_compressed(${roff} ${page} share/man/man${section})
  endforeach()
endif()

foreach(completion bash:mqferry:share/bash-completion/completions zsh:_mqferry:share/zsh/vendor-completions
    fish:mqferry.fish:share/fish/vendor_completions.d)
  string(REPLACE ":" ";" parts ${completion})
  list(GET parts 0 shell)
  list(GET parts 1 name)
  list(GET parts 2 destination)
  set(out ${CMAKE_BINARY_DIR}/package/${shell}/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/package/${shell})
  describe_to(${out} ${shell})
  set_property(GLOBAL APPEND PROPERTY PACKAGE_FILES ${out})
  install(FILES ${out} DESTINATION ${destination})
endforeach()

get_property(package_files GLOBAL PROPERTY PACKAGE_FILES)
add_custom_target(package-files DEPENDS ${package_files})

# --- the package -------------------------------------------------------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mqferry)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The mqferry authors <authors@mqferry.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Loaded when they are needed (api/base/library.h), so that no tool sees them.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4t64 | libcurl4, libmicrohttpd12t64 | libmicrohttpd12")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PACKAGE_FOLDER}/postinst ${PACKAGE_FOLDER}/prerm ${PACKAGE_FOLDER}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "create-only reconciliation of RocketMQ topics and consumer groups")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Keeps the topics and consumer groups of a RocketMQ instance converged on a
declared set: YAML kept in Git, the JSON that RocketMQ's own tools write, or
another instance. It creates what is missing. It never changes and never
deletes what exists: it shows it.
.
It runs as a command, and as a small daemon under systemd that follows
changes of files and says whether both sides are equal.")
include(CPack)
