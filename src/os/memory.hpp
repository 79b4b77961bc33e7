#pragma once

namespace pulse2::os {

/// Gives freed memory back to the system, after work that needed much for a moment. Costs some
/// milliseconds.
void release_free_memory() noexcept;

}  // namespace pulse2::os
