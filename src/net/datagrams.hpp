#pragma once

#include "net/datagram_batch.hpp"
#include "net/datagram_queue.hpp"

namespace callwright::net {

/// Room for the datagrams of one thread: of all its sockets one receives or sends at a time, so a thousand need no more than one.
struct Datagrams {
  DatagramReader incoming;
  DatagramRoom outgoing;
};

}  // namespace callwright::net
