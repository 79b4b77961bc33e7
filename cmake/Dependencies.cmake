# One dep_* target for each library that needs more than its imported target.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(pugixml REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
if(PULSE2_TESTS)
  find_package(GTest REQUIRED)
endif()

# Asio and Beast are compiled once, each in one translation unit (os/boost_asio.cpp,
# net/boost_beast.cpp): a translation unit that only uses them costs a third.
add_library(dep_asio INTERFACE)
target_compile_definitions(dep_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(dep_asio INTERFACE Boost::headers Threads::Threads)

add_library(dep_beast INTERFACE)
target_compile_definitions(dep_beast INTERFACE BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(dep_beast INTERFACE dep_asio)

add_library(dep_spdlog INTERFACE)
target_link_libraries(dep_spdlog INTERFACE spdlog::spdlog)

find_library(LZ4_LIBRARY lz4 REQUIRED)
add_library(dep_lz4 INTERFACE)
target_link_libraries(dep_lz4 INTERFACE "${LZ4_LIBRARY}")

add_library(dep_pugixml INTERFACE)
target_link_libraries(dep_pugixml INTERFACE pugixml::pugixml)
