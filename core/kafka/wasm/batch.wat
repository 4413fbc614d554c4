;; What is done with every byte that is sent: records written into a batch, and CRC-32C over it. TypeScript calls it
;; through ../batch_memory.ts. It works in one memory that is given to it, and promises: nothing outside the ranges that
;; are passed is read, nothing outside `out` and 31 bytes behind what is written there is changed.
;;
;; Build: deno run -A deploy/wasm.ts (writes batch_module.ts).
(module
  (import "env" "memory" (memory 1))

  ;; Addresses below 16384 belong to the tables and to the parameters.
  ;;     0  eight tables of 256 words: byte k of eight, for CRC-32C
  ;;  8192  four tables of 256 words: a CRC moved over LANE bytes of zeros
  ;; 12288  parameters of append, and its results

  ;; `crc` moved over LANE bytes of zeros.
  (func $shift (param $crc i32) (result i32)
    (i32.xor
      (i32.xor
        (i32.load offset=8192 (i32.shl (i32.and (local.get $crc) (i32.const 255)) (i32.const 2)))
        (i32.load offset=9216 (i32.and (i32.shr_u (local.get $crc) (i32.const 6)) (i32.const 1020))))
      (i32.xor
        (i32.load offset=10240 (i32.and (i32.shr_u (local.get $crc) (i32.const 14)) (i32.const 1020)))
        (i32.load offset=11264 (i32.shl (i32.shr_u (local.get $crc) (i32.const 24)) (i32.const 2))))))

  ;; CRC-32C of [p, end), going on from `seed`. Three lanes of 2048 bytes go side by side: one lane alone would wait for
  ;; its own tables most of the time. A step over eight bytes is written out each time: a call would cost as much.
  (func (export "crc32c") (param $p i32) (param $end i32) (param $seed i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $stop i32) (local $w i64) (local $hi i32)
    (local.set $a (i32.xor (local.get $seed) (i32.const -1)))
    (block $lanesDone
      (loop $lanes
        (br_if $lanesDone
          (i32.lt_s (i32.sub (local.get $end) (local.get $p)) (i32.const 6144)))
        (local.set $b (i32.const 0))
        (local.set $c (i32.const 0))
        (local.set $stop (i32.add (local.get $p) (i32.const 2048)))
        (loop $inner
          (local.set $w (i64.load (local.get $p)))
          (local.set $a (i32.xor (local.get $a) (i32.wrap_i64 (local.get $w))))
          (local.set $hi (i32.wrap_i64 (i64.shr_u (local.get $w) (i64.const 32))))
          (local.set $a
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $a) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $a) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.shl (i32.shr_u (local.get $a) (i32.const 24)) (i32.const 2)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $hi) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $hi) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $hi) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.shl (i32.shr_u (local.get $hi) (i32.const 24)) (i32.const 2)))))))
          (local.set $w (i64.load offset=2048 (local.get $p)))
          (local.set $b (i32.xor (local.get $b) (i32.wrap_i64 (local.get $w))))
          (local.set $hi (i32.wrap_i64 (i64.shr_u (local.get $w) (i64.const 32))))
          (local.set $b
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $b) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $b) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $b) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.shl (i32.shr_u (local.get $b) (i32.const 24)) (i32.const 2)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $hi) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $hi) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $hi) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.shl (i32.shr_u (local.get $hi) (i32.const 24)) (i32.const 2)))))))
          (local.set $w (i64.load offset=4096 (local.get $p)))
          (local.set $c (i32.xor (local.get $c) (i32.wrap_i64 (local.get $w))))
          (local.set $hi (i32.wrap_i64 (i64.shr_u (local.get $w) (i64.const 32))))
          (local.set $c
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $c) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $c) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $c) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.shl (i32.shr_u (local.get $c) (i32.const 24)) (i32.const 2)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $hi) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $hi) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $hi) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.shl (i32.shr_u (local.get $hi) (i32.const 24)) (i32.const 2)))))))
          (local.set $p (i32.add (local.get $p) (i32.const 8)))
          (br_if $inner (i32.lt_u (local.get $p) (local.get $stop))))
        (local.set $a (i32.xor (call $shift (local.get $a)) (local.get $b)))
        (local.set $a (i32.xor (call $shift (local.get $a)) (local.get $c)))
        (local.set $p (i32.add (local.get $p) (i32.const 4096)))
        (br $lanes)))
    (block $wordsDone
      (loop $words
        (br_if $wordsDone (i32.lt_s (i32.sub (local.get $end) (local.get $p)) (i32.const 8)))
        (local.set $w (i64.load (local.get $p)))
        (local.set $a (i32.xor (local.get $a) (i32.wrap_i64 (local.get $w))))
        (local.set $hi (i32.wrap_i64 (i64.shr_u (local.get $w) (i64.const 32))))
        (local.set $a
          (i32.xor
            (i32.xor
              (i32.xor
                (i32.load offset=7168 (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))
                (i32.load offset=6144 (i32.and (i32.shr_u (local.get $a) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=5120 (i32.and (i32.shr_u (local.get $a) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=4096 (i32.shl (i32.shr_u (local.get $a) (i32.const 24)) (i32.const 2)))))
            (i32.xor
              (i32.xor
                (i32.load offset=3072 (i32.shl (i32.and (local.get $hi) (i32.const 255)) (i32.const 2)))
                (i32.load offset=2048 (i32.and (i32.shr_u (local.get $hi) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=1024 (i32.and (i32.shr_u (local.get $hi) (i32.const 14)) (i32.const 1020)))
                (i32.load (i32.shl (i32.shr_u (local.get $hi) (i32.const 24)) (i32.const 2)))))))
        (local.set $p (i32.add (local.get $p) (i32.const 8)))
        (br $words)))
    (block $bytesDone
      (loop $bytes
        (br_if $bytesDone (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $a
          (i32.xor
            (i32.load
              (i32.shl
                (i32.and (i32.xor (local.get $a) (i32.load8_u (local.get $p))) (i32.const 255))
                (i32.const 2)))
            (i32.shr_u (local.get $a) (i32.const 8))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $bytes)))
    (i32.xor (local.get $a) (i32.const -1)))

  ;; Copies `size` bytes in steps of 32: up to 31 bytes behind them are written as well. Returns `to` + `size`.
  (func $copy (param $to i32) (param $from i32) (param $size i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $size)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (local.get $end)))
        (v128.store (local.get $to) (v128.load (local.get $from)))
        (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (local.set $from (i32.add (local.get $from) (i32.const 32)))
        (br $next)))
    (local.get $end))

  ;; Zigzag varint of a number from 0 to 2^30.
  (func $varint (param $at i32) (param $value i32) (result i32)
    (local.set $value (i32.shl (local.get $value) (i32.const 1)))
    (block $done
      (loop $next
        (br_if $done (i32.lt_u (local.get $value) (i32.const 128)))
        (i32.store8 (local.get $at) (i32.or (local.get $value) (i32.const 128)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $value (i32.shr_u (local.get $value) (i32.const 7)))
        (br $next)))
    (i32.store8 (local.get $at) (local.get $value))
    (i32.add (local.get $at) (i32.const 1)))

  (func $varintSize (param $value i32) (result i32)
    (i32.add
      (i32.add
        (i32.add (i32.const 1) (i32.ge_u (local.get $value) (i32.const 64)))
        (i32.add
          (i32.ge_u (local.get $value) (i32.const 8192))
          (i32.ge_u (local.get $value) (i32.const 1048576))))
      (i32.ge_u (local.get $value) (i32.const 134217728))))

  ;; Decimal digits of a number below 2^32.
  (func $digits (param $value i32) (result i32)
    (local $n i32) (local $limit i64)
    (local.set $n (i32.const 1))
    (local.set $limit (i64.const 10))
    (block $done
      (loop $next
        (br_if $done (i64.lt_u (i64.extend_i32_u (local.get $value)) (local.get $limit)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $limit (i64.mul (local.get $limit) (i64.const 10)))
        (br $next)))
    (local.get $n))

  ;; Writes `n` decimal digits, with zeros in front where the number has fewer. Returns the place behind them.
  (func $decimal (param $at i32) (param $value i32) (param $n i32) (result i32)
    (local $p i32) (local $rest i32)
    (local.set $p (i32.add (local.get $at) (local.get $n)))
    (loop $next
      (local.set $p (i32.sub (local.get $p) (i32.const 1)))
      (local.set $rest (i32.div_u (local.get $value) (i32.const 10)))
      (i32.store8
        (local.get $p)
        (i32.add
          (i32.const 48)
          (i32.sub (local.get $value) (i32.mul (local.get $rest) (i32.const 10)))))
      (local.set $value (local.get $rest))
      (br_if $next (i32.gt_u (local.get $p) (local.get $at))))
    (i32.add (local.get $at) (local.get $n)))

  ;; Writes lines as records while they fit. Parameters, words at 12288:
  ;;    0 marks: three words a line, value begin and end from `bytes`, end of what it accounts for
  ;;    4 lines, 8 bytes: address from which the marks count
  ;;   12 out: where to write, 16 its end; 20 offset delta of the first record
  ;;   24 key with its length, 28 its size; 32 headers up to the name of the offset, 36 their size
  ;;   40 name of the length, 44 its size; 48 end of what the line before the first accounts for
  ;;   56 start: file offset that the marks count from, a double word
  ;; Results: 12 the place behind the last record; 48 as above, for the next call. Returns the lines written.
  (func (export "append") (result i32)
    (local $m i32) (local $marksEnd i32) (local $bytes i32) (local $at i32) (local $end i32)
    (local $delta i32) (local $key i32) (local $keySize i32) (local $head i32) (local $headSize i32)
    (local $tail i32) (local $tailSize i32) (local $before i32) (local $fixed i32)
    (local $value i32) (local $size i32) (local $offset i64) (local $high i32) (local $low i32)
    (local $highDigits i32) (local $lowDigits i32) (local $length i32) (local $lengthDigits i32)
    (local $first i32)
    (local.set $first (i32.load offset=12288 (i32.const 0)))
    (local.set $m (local.get $first))
    (local.set $marksEnd
      (i32.add (local.get $m) (i32.mul (i32.load offset=12292 (i32.const 0)) (i32.const 12))))
    (local.set $bytes (i32.load offset=12296 (i32.const 0)))
    (local.set $at (i32.load offset=12300 (i32.const 0)))
    (local.set $end (i32.load offset=12304 (i32.const 0)))
    (local.set $delta (i32.load offset=12308 (i32.const 0)))
    (local.set $key (i32.load offset=12312 (i32.const 0)))
    (local.set $keySize (i32.load offset=12316 (i32.const 0)))
    (local.set $head (i32.load offset=12320 (i32.const 0)))
    (local.set $headSize (i32.load offset=12324 (i32.const 0)))
    (local.set $tail (i32.load offset=12328 (i32.const 0)))
    (local.set $tailSize (i32.load offset=12332 (i32.const 0)))
    (local.set $before (i32.load offset=12336 (i32.const 0)))
    ;; More than all that a record has beside its value, and than what the copies write too much.
    (local.set $fixed
      (i32.add
        (i32.const 96)
        (i32.add (local.get $keySize) (i32.add (local.get $headSize) (local.get $tailSize)))))
    (block $full
      (loop $line
        (br_if $full (i32.ge_u (local.get $m) (local.get $marksEnd)))
        (local.set $value (i32.load (local.get $m)))
        (local.set $size (i32.sub (i32.load offset=4 (local.get $m)) (local.get $value)))
        (br_if $full
          (i32.gt_u
            (i32.add (local.get $at) (i32.add (local.get $size) (local.get $fixed)))
            (local.get $end)))
        (local.set $offset
          (i64.add (i64.load offset=12344 (i32.const 0)) (i64.extend_i32_u (local.get $before))))
        ;; The offset in two parts: what is above 10^9, and the nine digits below.
        (local.set $high (i32.wrap_i64 (i64.div_u (local.get $offset) (i64.const 1000000000))))
        (local.set $low
          (i32.wrap_i64
            (i64.sub
              (local.get $offset)
              (i64.mul (i64.extend_i32_u (local.get $high)) (i64.const 1000000000)))))
        (if (i32.eqz (local.get $high))
          (then
            (local.set $highDigits (i32.const 0))
            (local.set $lowDigits (call $digits (local.get $low))))
          (else
            (local.set $highDigits (call $digits (local.get $high)))
            (local.set $lowDigits (i32.const 9))))
        (local.set $length
          (i32.sub (i32.load offset=8 (local.get $m)) (local.get $before)))
        (local.set $before (i32.load offset=8 (local.get $m)))
        (local.set $lengthDigits (call $digits (local.get $length)))
        ;; Length of the record: attributes, time, delta, key, value, headers.
        (local.set $at
          (call $varint
            (local.get $at)
            (i32.add
              (i32.add
                (i32.add (i32.const 4) (call $varintSize (local.get $delta)))
                (i32.add (call $varintSize (local.get $size)) (local.get $size)))
              (i32.add
                (i32.add (local.get $keySize) (local.get $headSize))
                (i32.add
                  (i32.add (local.get $tailSize) (local.get $lengthDigits))
                  (i32.add (local.get $highDigits) (local.get $lowDigits)))))))
        (i32.store16 (local.get $at) (i32.const 0))
        (local.set $at
          (call $varint (i32.add (local.get $at) (i32.const 2)) (local.get $delta)))
        (local.set $at (call $copy (local.get $at) (local.get $key) (local.get $keySize)))
        (local.set $at (call $varint (local.get $at) (local.get $size)))
        (local.set $at
          (call $copy
            (local.get $at)
            (i32.add (local.get $bytes) (local.get $value))
            (local.get $size)))
        (local.set $at (call $copy (local.get $at) (local.get $head) (local.get $headSize)))
        (i32.store8
          (local.get $at)
          (i32.shl (i32.add (local.get $highDigits) (local.get $lowDigits)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (if (local.get $highDigits)
          (then
            (local.set $at
              (call $decimal (local.get $at) (local.get $high) (local.get $highDigits)))))
        (local.set $at (call $decimal (local.get $at) (local.get $low) (local.get $lowDigits)))
        (local.set $at (call $copy (local.get $at) (local.get $tail) (local.get $tailSize)))
        (i32.store8 (local.get $at) (i32.shl (local.get $lengthDigits) (i32.const 1)))
        (local.set $at
          (call $decimal
            (i32.add (local.get $at) (i32.const 1))
            (local.get $length)
            (local.get $lengthDigits)))
        (local.set $delta (i32.add (local.get $delta) (i32.const 1)))
        (local.set $m (i32.add (local.get $m) (i32.const 12)))
        (br $line)))
    (i32.store offset=12300 (i32.const 0) (local.get $at))
    (i32.store offset=12336 (i32.const 0) (local.get $before))
    (i32.div_u (i32.sub (local.get $m) (local.get $first)) (i32.const 12)))
)
