# pulse2_library(NAME LINK public... PRIVATE private...): the static library of src/NAME.
# A folder without sources yet is an interface library, so that the layer list stays complete.
function(pulse2_library name)
  cmake_parse_arguments(ARG "" "" "LINK;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp")
  if(sources)
    add_library(pulse2_${name} STATIC ${sources})
    target_link_libraries(pulse2_${name} PUBLIC tl::expected ${ARG_LINK}
                          PRIVATE standard_settings ${ARG_PRIVATE})
    # A unity build pays only where Asio's headers are most of the work.
    if(NOT name MATCHES "^(net|api|app|imaging|mirroring|tftp|doctor|pxe_service)$")
      set_target_properties(pulse2_${name} PROPERTIES UNITY_BUILD OFF)
    endif()
    target_include_directories(pulse2_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/src")
  else()
    add_library(pulse2_${name} INTERFACE)
    target_link_libraries(pulse2_${name} INTERFACE tl::expected ${ARG_LINK})
  endif()
  add_library(pulse2::${name} ALIAS pulse2_${name})
endfunction()
