#!/bin/sh
# Sets up the senders below build/clients: build.sh LANGUAGE... of javascript, rust and go. Where a toolchain is not
# there, the tests that need it will be skipped; this says so first.
set -eu
cd "$(dirname "$0")/../.."

missing() {
	echo "SKIPPED: no $1, so the sender in $2 is not built" >&2
}

# Whether something is older than what it is made of, or not there.
stale() {
	[ ! -e "$1" ] || [ -n "$(find "$2" -newer "$1" -type f | head -n 1)" ]
}

javascript_sender() {
	if ! command -v npm >/dev/null; then
		missing npm JavaScript
	elif stale build/clients/javascript/node_modules test/clients/javascript/package-lock.json; then
		cp test/clients/javascript/package*.json build/clients/javascript/
		(cd build/clients/javascript && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
		touch build/clients/javascript/node_modules
	fi
}

rust_sender() {
	if ! command -v cargo >/dev/null; then
		missing cargo Rust
		return
	fi
	# The tests of the workspace build it as well, with what they have compiled anyway.
	sender=${CARGO_TARGET_DIR:-target}/debug/duckspan-test-sender
	if stale "$sender" test/clients/rust; then
		cargo build --locked -p duckspan-test-sender
	fi
	cp "$sender" build/clients/rust/send
}

go_sender() {
	# The SDK is the one of Debian 12; with another its sender would have to be another.
	sdk=/usr/share/gocode/src/go.opentelemetry.io/otel/version.go
	if ! command -v go >/dev/null || ! grep -qs '"1.1.0"' "$sdk"; then
		missing "packages of Debian 12 as in test/clients/go/packages.txt" Go
	elif stale build/clients/go/send test/clients/go || stale build/clients/go/send test/requirements.txt; then
		export GO111MODULE=off GOFLAGS='' GOPATH="$PWD/build/clients/go:/usr/share/gocode"
		go build -o build/clients/go/protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go
		build/venv/bin/python test/clients/go/generate.py build/clients/go/protoc-gen-go build/clients/go/src
		go vet ./test/clients/go
		go build -o build/clients/go/send ./test/clients/go
	fi
}

for language; do
	mkdir -p "build/clients/$language"
	"${language}_sender"
done
