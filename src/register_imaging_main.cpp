#include <exception>
#include <iostream>

#include "app/register_imaging.hpp"

int main(int argc, char** argv) {
  try {
    return pulse2::app::register_imaging(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "pulse2-package-server-register-imaging: " << error.what() << '\n';
    return 1;
  }
}
