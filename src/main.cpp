#include <exception>
#include <iostream>

#include "app/run.hpp"

int main(int argc, char** argv) {
  try {
    return pulse2::app::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "pulse2-package-server: " << error.what() << '\n';
    return 1;
  }
}
