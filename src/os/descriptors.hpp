#pragma once

/// What a process begins with and what it hands on. Before any thread starts.
namespace pulse2::os {

/// Opens /dev/null as each standard stream that is closed, so that no file takes its number.
void fill_standard_streams() noexcept;

/// Closes the descriptors from `first` on: what the starting process had open by chance.
void close_from(int first) noexcept;

/// Marks the descriptors from `first` on close-on-exec: programs that are run don't get them.
void keep_from_children(int first) noexcept;

}  // namespace pulse2::os
