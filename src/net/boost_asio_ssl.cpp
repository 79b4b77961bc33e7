// Asio's TLS streams, compiled once (see os/boost_asio.cpp).
#include <boost/asio/ssl/impl/src.hpp>
