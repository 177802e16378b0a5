// Variables that the client's connection answers: addresses, ports, counters, what TCP knows.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/clock.h"
#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

// A unix socket has no port.
Value port_value(Arena& arena, uint16_t port) { return port == 0 ? Value("") : decimal(arena, port); }

Value get_remote_addr(Evaluation& in, const Variable&) { return {request_of(in).client_address()}; }

Value get_remote_port(Evaluation& in, const Variable&) {
  return port_value(in.arena(), request_of(in).client().peer.full().port());
}

Value get_binary_remote_addr(Evaluation& in, const Variable&) {
  return {in.arena().copy(request_of(in).client().peer.full().binary())};
}

Value get_server_addr(Evaluation& in, const Variable&) {
  const net::Address& address = request_of(in).server_address();
  return {in.arena().copy(address.family() == AF_UNIX ? address.text() : address.host())};
}

Value get_server_port(Evaluation& in, const Variable&) {
  return port_value(in.arena(), request_of(in).server_address().port());
}

Value get_connection(Evaluation& in, const Variable&) {
  return decimal(in.arena(), request_of(in).client().number);
}

Value get_connection_requests(Evaluation& in, const Variable&) {
  return decimal(in.arena(), request_of(in).client().requests);
}

Value get_connection_time(Evaluation& in, const Variable&) {
  return seconds(in.arena(), clock::now() - request_of(in).client().accepted_at);
}

Value get_pipe(Evaluation& in, const Variable&) { return {request_of(in).client().pipelined ? "p" : "."}; }

template <auto member>
Value get_tcpinfo(Evaluation& in, const Variable&) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(request_of(in).client().fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) { return {}; }
  return decimal(in.arena(), info.*member);
}

const VariableRow rows[] = {
    {Realm::http, "remote_addr", get_remote_addr, "The client's address."},
    {Realm::http, "remote_port", get_remote_port, "The client's port."},
    {Realm::http, "binary_remote_addr", get_binary_remote_addr,
     "The client's address as 4 or 16 bytes: the shortest key for limits and hashes."},
    {Realm::http, "server_addr", get_server_addr, "The address that accepted the connection."},
    {Realm::http, "server_port", get_server_port, "The port that accepted the connection."},
    {Realm::http, "connection", get_connection, "The connection's number, as in the error log."},
    {Realm::http, "connection_requests", get_connection_requests,
     "Requests made over the connection, this one included."},
    {Realm::http, "connection_time", get_connection_time,
     "Age of the connection in seconds, with milliseconds."},
    {Realm::http, "pipe", get_pipe,
     "\"p\" when the request came before the answer to the one before was out, else \".\"."},
    {Realm::http, "tcpinfo_rtt", get_tcpinfo<&tcp_info::tcpi_rtt>,
     "Round-trip time of the client's connection in microseconds, as the kernel estimates it."},
    {Realm::http, "tcpinfo_rttvar", get_tcpinfo<&tcp_info::tcpi_rttvar>,
     "Variation of the round-trip time in microseconds."},
    {Realm::http, "tcpinfo_snd_cwnd", get_tcpinfo<&tcp_info::tcpi_snd_cwnd>,
     "The congestion window in segments."},
    {Realm::http, "tcpinfo_rcv_space", get_tcpinfo<&tcp_info::tcpi_rcv_space>,
     "Room for received bytes, as the kernel advertises it."},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
