if(PULSE2_SANITIZE)
  add_compile_options(-fsanitize=${PULSE2_SANITIZE} -fno-omit-frame-pointer)
  # Without optimisation ASan and UBSan compile up to twice as fast, and the tests take hardly
  # longer. TSan would compile a fifth faster only, and a fuzzer is worth what it tries in a second.
  if(PULSE2_FUZZ OR PULSE2_SANITIZE STREQUAL "thread")
    add_compile_options(-O1)
  endif()
  add_link_options(-fsanitize=${PULSE2_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code gives GCC 12 false positives in std::variant and std::optional.
    add_compile_options(-Wno-maybe-uninitialized)
    # Asio's coroutine frames come from std::aligned_alloc and go to std::free, both through operators
    # of their class. GCC 12 inlines only one of the two and takes them for a mismatch.
    add_compile_options(-Wno-mismatched-new-delete)
  endif()
  if(PULSE2_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # clang 14 reports coroutine resume functions.
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
endif()
if(PULSE2_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
