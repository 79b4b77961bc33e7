#pragma once

#include <memory>

#include "api/method_table.hpp"
#include "imaging/administration.hpp"

namespace pulse2::api {

/// The methods of the imaging API (contract 06) with the answers that the MMC agent tests for
/// truth: what is refused is false, with the reason in the log; what can't be a call of the method
/// is a failure.
[[nodiscard]] MethodTable imaging_api_methods(
    const std::shared_ptr<imaging::Administration>& imaging);

}  // namespace pulse2::api
