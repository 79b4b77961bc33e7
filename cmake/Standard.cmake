# Language, warnings and output settings: linked PRIVATE by our own code, never by third parties.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(PULSE2_CCACHE ccache)
if(PULSE2_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PULSE2_CCACHE}")
endif()

add_library(standard_settings INTERFACE)
target_compile_features(standard_settings INTERFACE cxx_std_20)
target_compile_options(standard_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<BOOL:${PULSE2_WERROR}>:-Werror>
  # GCC 12: false positives in coroutines, and a note that TSan lacks atomic_thread_fence.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-tsan>
  # The same of coroutine frames, where optimisation inlines one of allocation and release (see
  # Sanitizers.cmake).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-mismatched-new-delete>)
if(CMAKE_UNITY_BUILD)
  # To this warning every source of a unity build is a header.
  target_compile_options(standard_settings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
target_include_directories(standard_settings INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/src")

find_program(PULSE2_MOLD mold)
if(PULSE2_MOLD)
  target_link_options(standard_settings INTERFACE -fuse-ld=mold)
endif()

# Debug information is what makes linking and the compiler's cache slow: lines are enough here.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
