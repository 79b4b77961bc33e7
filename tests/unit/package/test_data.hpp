#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace pulse2::package {

/// The bytes of tests/data/packages/<name>.
inline std::string test_data(const std::string& name) {
  std::ifstream file(PULSE2_TEST_DATA "/packages/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("no test data " + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace pulse2::package
