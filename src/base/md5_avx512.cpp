// Compiled for AVX-512F (CMakeLists.txt): called only where the processor has it.
#if defined(__x86_64__)
#include "base/md5_kernel.hpp"

namespace pulse2::base {

void md5_kernel_16(Md5Lane* lanes, std::size_t blocks) {
  compress<16>(lanes, blocks);
}

}  // namespace pulse2::base
#endif
