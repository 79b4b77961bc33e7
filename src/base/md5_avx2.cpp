// Compiled for AVX2 (CMakeLists.txt): called only where the processor has it.
#if defined(__x86_64__)
#include "base/md5_kernel.hpp"

namespace pulse2::base {

void md5_kernel_8(Md5Lane* lanes, std::size_t blocks) {
  compress<8>(lanes, blocks);
}

}  // namespace pulse2::base
#endif
