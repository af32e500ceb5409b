#!/bin/sh
# RUSTC_WRAPPER of `cargo xtask fuzz`: counts edges (SanitizerCoverage) in the crates whose code is fuzzed, and in no other, so that
# hashes and signatures stay fast. Only what is built for --target is counted: build scripts link some of these crates too.
name='' target='' before=''
for word in "$@"; do
    [ "$before" = --crate-name ] && name=$word
    [ "$before" = --target ] && target=$word
    before=$word
done
case "$target:$name" in
:*) exec "$@" ;;
*:waypass_*) doors='--cfg fuzzing' ;;
*:fuzz | *:serde_json | *:minicbor | *:png | *:rxing | *:fdeflate | *:miniz_oxide | *:zlib_rs | *:multibase | *:base64_simd | *:qrcode | *:zune_jpeg) doors='' ;;
*) exec "$@" ;;
esac
exec "$@" $doors -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
