#pragma once

#include <openssl/bio.h>

#include <string>

namespace pulse2::net {

/// The calling thread's TLS records that wait to be sent; empty between two uses of a connection.
[[nodiscard]] std::string& tls_output();

/// A write BIO that appends to tls_output(): records of any number leave with one system call.
[[nodiscard]] BIO* make_output_bio();

}  // namespace pulse2::net
