# What `cmake --install` puts where. The unit names the folders of the prefix that the installation
# is given, which need not be that of the configuration.
install(TARGETS pulse2-package-server pulse2-package-server-register-imaging
        RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")

set(doc_folder "${CMAKE_INSTALL_DATAROOTDIR}/doc/pulse2-package-server")
file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/docs/*.md")
install(FILES ${pages} README.md CHANGELOG.md LICENSE DESTINATION "${doc_folder}")
install(FILES conf/package-server.ini conf/systemd/root-mode.conf
        DESTINATION "${doc_folder}/examples")

install(CODE "
  set(PULSE2_SBINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}\")
  set(PULSE2_DOCDIR \"\${CMAKE_INSTALL_PREFIX}/${doc_folder}\")
  configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/conf/systemd/pulse2-package-server.service.in\"
                 \"${CMAKE_CURRENT_BINARY_DIR}/pulse2-package-server.service\" @ONLY)
")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/pulse2-package-server.service"
              conf/systemd/pulse2-package-server.socket
        DESTINATION lib/systemd/system)
install(FILES conf/systemd/sysusers.conf DESTINATION lib/sysusers.d
        RENAME pulse2-package-server.conf)
install(FILES conf/systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d
        RENAME pulse2-package-server.conf)
