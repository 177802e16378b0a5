#!/bin/sh
# Shows Sluice at work: conf/demo.conf is a proxy in front of three backends of its own, all on loopback.
#
#   contrib/demo.sh                stays up until Ctrl-C
#   DEMO_ONCE=1 contrib/demo.sh    stops after the showing, and fails when an answer was wrong
#
# SLUICE_BINARY chooses the binary, DEMO_PORT the first of four ports (default: the first that are free from 8080).

set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
binary=${SLUICE_BINARY:-build/sluice}
case $binary in
  */*) binary=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary") ;;
esac

# Ports with nobody listening; connecting is a test that needs no tool but curl. A number that another test took
# in the meantime is an error at start, not a wrong showing. One showing among parallel tests keeps to itself.
first=${DEMO_PORT:-}
is_free() { curl -s -o /dev/null --max-time 1 "http://127.0.0.1:$1/"; [ $? = 7 ]; }
if [ -z "$first" ]; then
  first=8080
  [ -z "${DEMO_ONCE:-}" ] || first=$((6000 + $$ % 300 * 10))
  while ! { is_free $first && is_free $((first + 1)) && is_free $((first + 2)) && is_free $((first + 3)); }; do
    first=$((first + 10))
    [ $first -lt 9900 ] || { echo "demo: no free ports; set DEMO_PORT" >&2; exit 1; }
  done
fi

prefix=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo.XXXXXX")
chmod 755 "$prefix"
mkdir "$prefix/conf" "$prefix/logs"
chmod 777 "$prefix/logs"
sed -e "s/:8080\\b/:$first/g; s/:8081\\b/:$((first + 1))/g; s/:8082\\b/:$((first + 2))/g; s/:8083\\b/:$((first + 3))/g" \
  conf/demo.conf >"$prefix/conf/demo.conf"

pid=
finish() {
  status=$?
  trap - EXIT HUP INT TERM
  if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    echo "stopped"
  fi
  if [ $status != 0 ] && [ -s "$prefix/logs/error.log" ]; then tail -n 20 "$prefix/logs/error.log" >&2; fi
  rm -rf "$prefix"
  exit $status
}
trap finish EXIT
trap 'exit 0' HUP INT TERM

echo "starting $binary with conf/demo.conf under $prefix"
"$binary" -p "$prefix/" -c "$prefix/conf/demo.conf" -e logs/error.log -g 'daemon off;' &
pid=$!

tries=0
until curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$first/"; do
  tries=$((tries + 1))
  kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ] || { echo "demo: it did not start" >&2; exit 1; }
  sleep 0.1
done

echo
echo "Six requests to http://127.0.0.1:$first/, through the proxy to the upstream \"backends\":"
echo
names=
for i in 1 2 3 4 5 6; do
  answer=$(curl -sS --max-time 5 -D "$prefix/head" "http://127.0.0.1:$first/request-$i")
  by=$(sed -n 's/^x-backend: *\([^[:space:]]*\).*/\1/Ip' "$prefix/head")
  code=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$prefix/head")
  printf '  GET /request-%s  ->  %s  from %-16s %s\n' "$i" "$code" "${by:-?}" "$answer"
  [ "$code" = 200 ] || { echo "demo: expected 200" >&2; exit 1; }
  names="$names$by
"
done
different=$(printf '%s' "$names" | sort -u | wc -l)
echo
echo "$different backends answered."
[ "$different" = 3 ] || { echo "demo: expected 3" >&2; exit 1; }

[ -z "${DEMO_ONCE:-}" ] || exit 0

cat <<END

It is running (pid $pid). To try:
  curl -i http://127.0.0.1:$first/anything      the proxy
  curl -i http://127.0.0.1:$((first + 1))/      a backend, past the proxy (also :$((first + 2)) and :$((first + 3)))
  less $prefix/conf/demo.conf      its configuration
  tail -f $prefix/logs/access.log      who asked for what
  kill -HUP $pid      reload, after a change of that file

Ctrl-C stops it (from elsewhere: kill -QUIT $pid).
END
wait "$pid"
