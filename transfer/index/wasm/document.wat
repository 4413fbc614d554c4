;; Documents of a bulk body, written from the numbers and bytes of a record. TypeScript calls it through
;; ../document_memory.ts. It works in one memory that is given to it, and promises: nothing is changed outside of what is
;; written at `at` and 31 bytes behind that, but for the count at 16.
;;
;; Build: deno run -A deploy/wasm.ts (writes document_module.ts).
(module
  (import "env" "memory" (memory 1))

  ;; Addresses that TypeScript fills:
  ;;    16 byte sequences that were no UTF-8, a word
  ;;   256 for each byte below 128: 1 escaped as \u00XX, else the letter behind the backslash
  ;;   512 `"}}\n{"@timestamp":"` (19 bytes)
  ;;   544 `,"log.length":` (14 bytes)
  ;;   576 `,"message":"` (12 bytes)
  ;;   608 `,"fields":{"` (12 bytes)
  ;; And one that is used here:
  ;;  1280 begin and end of the keys of a line, two words each, 64 of them

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

  ;; Decimal digits of a number below 10^9.
  (func $digits (param $value i32) (result i32)
    (i32.add
      (i32.add
        (i32.add
          (i32.add (i32.const 1) (i32.ge_u (local.get $value) (i32.const 10)))
          (i32.add (i32.ge_u (local.get $value) (i32.const 100)) (i32.ge_u (local.get $value) (i32.const 1000))))
        (i32.add
          (i32.ge_u (local.get $value) (i32.const 10000))
          (i32.ge_u (local.get $value) (i32.const 100000))))
      (i32.add
        (i32.add
          (i32.ge_u (local.get $value) (i32.const 1000000))
          (i32.ge_u (local.get $value) (i32.const 10000000)))
        (i32.ge_u (local.get $value) (i32.const 100000000)))))

  ;; Writes the last `n` decimal digits, with zeros in front where there are fewer. Returns the place behind them.
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

  ;; A whole number below 10^18.
  (func $number (param $at i32) (param $value i64) (result i32)
    (local $high i32) (local $low i32)
    (if (i64.lt_u (local.get $value) (i64.const 1000000000))
      (then
        (local.set $low (i32.wrap_i64 (local.get $value)))
        (return (call $decimal (local.get $at) (local.get $low) (call $digits (local.get $low))))))
    (local.set $high (i32.wrap_i64 (i64.div_u (local.get $value) (i64.const 1000000000))))
    (local.set $low (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 1000000000))))
    (local.set $at (call $decimal (local.get $at) (local.get $high) (call $digits (local.get $high))))
    (call $decimal (local.get $at) (local.get $low) (i32.const 9)))

  ;; A time: the text of its day, eleven bytes up to T, and the milliseconds since it began.
  (func $time (param $at i32) (param $day i32) (param $ms i32) (result i32)
    (local $seconds i32) (local $minutes i32)
    (v128.store (local.get $at) (v128.load (local.get $day)))
    (local.set $seconds (i32.div_u (local.get $ms) (i32.const 1000)))
    (local.set $minutes (i32.div_u (local.get $seconds) (i32.const 60)))
    (drop (call $decimal (i32.add (local.get $at) (i32.const 11))
      (i32.div_u (local.get $minutes) (i32.const 60)) (i32.const 2)))
    (i32.store8 offset=13 (local.get $at) (i32.const 58))
    (drop (call $decimal (i32.add (local.get $at) (i32.const 14))
      (i32.rem_u (local.get $minutes) (i32.const 60)) (i32.const 2)))
    (i32.store8 offset=16 (local.get $at) (i32.const 58))
    (drop (call $decimal (i32.add (local.get $at) (i32.const 17))
      (i32.rem_u (local.get $seconds) (i32.const 60)) (i32.const 2)))
    (i32.store8 offset=19 (local.get $at) (i32.const 46))
    (drop (call $decimal (i32.add (local.get $at) (i32.const 20))
      (i32.rem_u (local.get $ms) (i32.const 1000)) (i32.const 3)))
    (i32.store8 offset=23 (local.get $at) (i32.const 90))
    (i32.add (local.get $at) (i32.const 24)))

  ;; Action and document up to the Kafka offset. Texts are an address and a size; a day is an address. Returns the place
  ;; behind what was written.
  (func (export "head")
    (param $at i32) (param $action i32) (param $actionSize i32) (param $offset f64) (param $length f64)
    (param $day i32) (param $ms i32) (param $origin i32) (param $originSize i32)
    (param $level i32) (param $levelSize i32) (param $createdDay i32) (param $createdMs i32)
    (param $written i32) (param $writtenSize i32) (param $kafka f64) (result i32)
    (local $from i64) (local $size i64)
    (local.set $from (i64.trunc_f64_u (local.get $offset)))
    (local.set $size (i64.trunc_f64_u (local.get $length)))
    (local.set $at (call $copy (local.get $at) (local.get $action) (local.get $actionSize)))
    (local.set $at (call $number (local.get $at) (local.get $from)))
    (i32.store8 (local.get $at) (i32.const 45))
    (local.set $at
      (call $number
        (i32.add (local.get $at) (i32.const 1))
        (i64.add (local.get $from) (local.get $size))))
    (local.set $at (call $copy (local.get $at) (i32.const 512) (i32.const 19)))
    (local.set $at (call $time (local.get $at) (local.get $day) (local.get $ms)))
    (local.set $at (call $copy (local.get $at) (local.get $origin) (local.get $originSize)))
    (local.set $at (call $number (local.get $at) (local.get $from)))
    (local.set $at (call $copy (local.get $at) (i32.const 544) (i32.const 14)))
    (local.set $at (call $number (local.get $at) (local.get $size)))
    (local.set $at (call $copy (local.get $at) (local.get $level) (local.get $levelSize)))
    (local.set $at (call $time (local.get $at) (local.get $createdDay) (local.get $createdMs)))
    (local.set $at (call $copy (local.get $at) (local.get $written) (local.get $writtenSize)))
    (call $number (local.get $at) (i64.trunc_f64_u (local.get $kafka))))

  ;; Length of the valid UTF-8 character at `p` (2 to 4); where there is none, minus the length of what one U+FFFD stands
  ;; for: the longest beginning of a character, or one byte.
  (func $sequence (param $p i32) (param $end i32) (result i32)
    (local $first i32) (local $size i32) (local $low i32) (local $high i32) (local $i i32) (local $byte i32)
    (local.set $first (i32.load8_u (local.get $p)))
    (local.set $low (i32.const 0x80))
    (local.set $high (i32.const 0xbf))
    (block $known
      (if (i32.lt_u (i32.sub (local.get $first) (i32.const 0xc2)) (i32.const 0x1e))
        (then (local.set $size (i32.const 2)) (br $known)))
      (if (i32.eq (i32.and (local.get $first) (i32.const 0xf0)) (i32.const 0xe0))
        (then
          (local.set $size (i32.const 3))
          (if (i32.eq (local.get $first) (i32.const 0xe0)) (then (local.set $low (i32.const 0xa0))))
          (if (i32.eq (local.get $first) (i32.const 0xed)) (then (local.set $high (i32.const 0x9f))))
          (br $known)))
      (if (i32.le_u (i32.sub (local.get $first) (i32.const 0xf0)) (i32.const 4))
        (then
          (local.set $size (i32.const 4))
          (if (i32.eq (local.get $first) (i32.const 0xf0)) (then (local.set $low (i32.const 0x90))))
          (if (i32.eq (local.get $first) (i32.const 0xf4)) (then (local.set $high (i32.const 0x8f))))
          (br $known)))
      (return (i32.const -1)))
    (local.set $i (i32.const 1))
    (loop $next
      (local.set $byte (i32.const 0))
      (if (i32.lt_u (i32.add (local.get $p) (local.get $i)) (local.get $end))
        (then (local.set $byte (i32.load8_u (i32.add (local.get $p) (local.get $i))))))
      (if (i32.gt_u
            (i32.sub (local.get $byte) (local.get $low))
            (i32.sub (local.get $high) (local.get $low)))
        (then (return (i32.sub (i32.const 0) (local.get $i)))))
      (local.set $low (i32.const 0x80))
      (local.set $high (i32.const 0xbf))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $size))))
    (local.get $size))

  (func $hex (param $value i32) (result i32)
    (i32.add
      (local.get $value)
      (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $value) (i32.const 9)))))

  ;; The bytes [p, end) as the inside of a JSON string. Up to 15 bytes behind `end` are read.
  (func $escape (param $at i32) (param $p i32) (param $end i32) (result i32)
    (local $v v128) (local $mask i32) (local $left i32) (local $byte i32) (local $kind i32) (local $size i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        ;; Sixteen at once: what is below 32 as a signed number is a control character or no ASCII.
        (local.set $v (v128.load (local.get $p)))
        (v128.store (local.get $at) (local.get $v))
        (local.set $mask
          (i8x16.bitmask
            (v128.or
              (i8x16.lt_s (local.get $v) (v128.const i32x4 0x20202020 0x20202020 0x20202020 0x20202020))
              (v128.or
                (i8x16.eq (local.get $v) (v128.const i32x4 0x22222222 0x22222222 0x22222222 0x22222222))
                (i8x16.eq (local.get $v) (v128.const i32x4 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c))))))
        (local.set $left (i32.sub (local.get $end) (local.get $p)))
        (if (i32.lt_u (local.get $left) (i32.const 16))
          (then
            (local.set $mask
              (i32.or (local.get $mask) (i32.shl (i32.const 1) (local.get $left)))))
          (else
            (if (i32.eqz (local.get $mask))
              (then
                (local.set $p (i32.add (local.get $p) (i32.const 16)))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br $next)))))
        (local.set $size (i32.ctz (local.get $mask)))
        (local.set $p (i32.add (local.get $p) (local.get $size)))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $p)))
        (if (i32.ge_u (local.get $byte) (i32.const 0x80))
          (then
            (local.set $size (call $sequence (local.get $p) (local.get $end)))
            (if (i32.gt_s (local.get $size) (i32.const 0))
              (then
                (i32.store (local.get $at) (i32.load (local.get $p)))
                (local.set $at (i32.add (local.get $at) (local.get $size)))
                (local.set $p (i32.add (local.get $p) (local.get $size))))
              (else
                (i32.store (local.get $at) (i32.const 0xbdbfef))
                (local.set $at (i32.add (local.get $at) (i32.const 3)))
                (local.set $p (i32.sub (local.get $p) (local.get $size)))
                (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))))
            (br $next)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (local.set $kind (i32.load8_u offset=256 (local.get $byte)))
        (if (i32.eq (local.get $kind) (i32.const 1))
          (then
            (i32.store (local.get $at) (i32.const 0x3030755c)) ;; \u00
            (i32.store8 offset=4 (local.get $at) (call $hex (i32.shr_u (local.get $byte) (i32.const 4))))
            (i32.store8 offset=5 (local.get $at) (call $hex (i32.and (local.get $byte) (i32.const 15))))
            (local.set $at (i32.add (local.get $at) (i32.const 6))))
          (else
            (i32.store8 (local.get $at) (i32.const 92))
            (i32.store8 offset=1 (local.get $at) (local.get $kind))
            (local.set $at (i32.add (local.get $at) (i32.const 2)))))
        (br $next)))
    (local.get $at))

  ;; The message and the end of the document.
  (func (export "message") (param $at i32) (param $p i32) (param $end i32) (result i32)
    (local.set $at (call $copy (local.get $at) (i32.const 576) (i32.const 12)))
    (local.set $at (call $escape (local.get $at) (local.get $p) (local.get $end)))
    (i32.store (local.get $at) (i32.const 0x0a7d22)) ;; "} and a line feed
    (i32.add (local.get $at) (i32.const 3)))

  ;; Set where a text held a backslash.
  (global $slash (mut i32) (i32.const 0))

  (func $blanks (param $p i32) (param $end i32) (result i32)
    (local $byte i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $p)))
        (br_if $done
          (i32.eqz
            (i32.or
              (i32.eq (local.get $byte) (i32.const 32))
              (i32.or
                (i32.eq (local.get $byte) (i32.const 9))
                (i32.eq (local.get $byte) (i32.const 13))))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $next)))
    (local.get $p))

  ;; What may stand behind a backslash: " \ / b f n r t. \u may mean half a character.
  (func $isEscape (param $byte i32) (result i32)
    (i32.or
      (i32.or
        (i32.or (i32.eq (local.get $byte) (i32.const 34)) (i32.eq (local.get $byte) (i32.const 92)))
        (i32.or (i32.eq (local.get $byte) (i32.const 47)) (i32.eq (local.get $byte) (i32.const 98))))
      (i32.or
        (i32.or (i32.eq (local.get $byte) (i32.const 102)) (i32.eq (local.get $byte) (i32.const 110)))
        (i32.or (i32.eq (local.get $byte) (i32.const 114)) (i32.eq (local.get $byte) (i32.const 116))))))

  ;; The place of the quote that ends a text; -1 where it holds what is not for us.
  (func $textEnd (param $p i32) (param $end i32) (result i32)
    (local $v v128) (local $mask i32) (local $byte i32)
    (loop $next
      (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
      (local.set $v (v128.load (local.get $p)))
      (local.set $mask
        (i8x16.bitmask
          (v128.or
            (i8x16.lt_s (local.get $v) (v128.const i32x4 0x20202020 0x20202020 0x20202020 0x20202020))
            (v128.or
              (i8x16.eq (local.get $v) (v128.const i32x4 0x22222222 0x22222222 0x22222222 0x22222222))
              (i8x16.eq (local.get $v) (v128.const i32x4 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c))))))
      (if (i32.eqz (local.get $mask))
        (then
          (local.set $p (i32.add (local.get $p) (i32.const 16)))
          (br $next)))
      (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $mask))))
      (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
      (local.set $byte (i32.load8_u (local.get $p)))
      (if (i32.eq (local.get $byte) (i32.const 34)) (then (return (local.get $p))))
      (if (i32.ne (local.get $byte) (i32.const 92)) (then (return (i32.const -1))))
      (global.set $slash (i32.const 1))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
      (if (i32.eqz (call $isEscape (i32.load8_u (local.get $p)))) (then (return (i32.const -1))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next))
    (unreachable))

  (func $digitsEnd (param $p i32) (param $end i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (br_if $done
          (i32.gt_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)) (i32.const 9)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $next)))
    (local.get $p))

  ;; Behind true, false, null, or a number whose text is what JavaScript would write; else -1. A word is compared as
  ;; four bytes; the line may end before them, where what follows is of no line.
  (func $plainEnd (param $from i32) (param $end i32) (result i32)
    (local $at i32) (local $first i32) (local $whole i32) (local $zero i32) (local $point i32) (local $word i32)
    (local.set $word (i32.load (local.get $from)))
    (local.set $at (i32.add (local.get $from) (i32.const 4)))
    (if (i32.or
          (i32.eq (local.get $word) (i32.const 0x65757274)) ;; true
          (i32.eq (local.get $word) (i32.const 0x6c6c756e))) ;; null
      (then
        (return (select (local.get $at) (i32.const -1) (i32.le_u (local.get $at) (local.get $end))))))
    (if (i32.and
          (i32.eq (local.get $word) (i32.const 0x736c6166)) ;; fals
          (i32.eq (i32.load8_u (local.get $at)) (i32.const 101)))
      (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (return (select (local.get $at) (i32.const -1) (i32.le_u (local.get $at) (local.get $end))))))
    (local.set $first (i32.load8_u (local.get $from)))
    (local.set $whole
      (i32.add (local.get $from) (i32.eq (local.get $first) (i32.const 45))))
    (local.set $at (call $digitsEnd (local.get $whole) (local.get $end)))
    (if (i32.or
          (i32.eq (local.get $at) (local.get $whole))
          (i32.gt_u (i32.sub (local.get $at) (local.get $whole)) (i32.const 15)))
      (then (return (i32.const -1))))
    (local.set $zero (i32.eq (i32.load8_u (local.get $whole)) (i32.const 48)))
    ;; 01 and -0 are not for us.
    (if (i32.and
          (local.get $zero)
          (i32.or
            (i32.gt_u (i32.sub (local.get $at) (local.get $whole)) (i32.const 1))
            (i32.eq (local.get $first) (i32.const 45))))
      (then (return (i32.const -1))))
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 46))
          (then
            (local.set $point (local.get $at))
            (local.set $at
              (call $digitsEnd (i32.add (local.get $at) (i32.const 1)) (local.get $end)))
            ;; 1.50 is 1.5, and what is below 0.000001 gets an exponent.
            (if (i32.or
                  (i32.or
                    (i32.eq (local.get $at) (i32.add (local.get $point) (i32.const 1)))
                    (i32.eq
                      (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))
                      (i32.const 48)))
                  (i32.or
                    (i32.gt_u (i32.sub (local.get $at) (local.get $whole)) (i32.const 15))
                    (i32.and
                      (local.get $zero)
                      (i32.eq (i32.load8_u offset=1 (local.get $point)) (i32.const 48)))))
              (then (return (i32.const -1))))))))
    (if (i32.lt_u (local.get $at) (local.get $end))
      (then
        (if (i32.eq (i32.or (i32.load8_u (local.get $at)) (i32.const 32)) (i32.const 101))
          (then (return (i32.const -1))))))
    (local.get $at))

  ;; True where the key [p, end) was among the `count` before it; notes it.
  (func $isKnown (param $p i32) (param $end i32) (param $count i32) (result i32)
    (local $note i32) (local $last i32) (local $size i32) (local $i i32) (local $begin i32)
    (local.set $note (i32.const 1280))
    (local.set $last (i32.add (local.get $note) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $size (i32.sub (local.get $end) (local.get $p)))
    (block $none
      (loop $key
        (br_if $none (i32.ge_u (local.get $note) (local.get $last)))
        (local.set $begin (i32.load (local.get $note)))
        (block $other
          (br_if $other
            (i32.ne (i32.sub (i32.load offset=4 (local.get $note)) (local.get $begin)) (local.get $size)))
          (local.set $i (i32.const 0))
          (loop $byte
            (br_if $other
              (i32.ne
                (i32.load8_u (i32.add (local.get $begin) (local.get $i)))
                (i32.load8_u (i32.add (local.get $p) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $byte (i32.lt_u (local.get $i) (local.get $size))))
          (return (i32.const 1)))
        (local.set $note (i32.add (local.get $note) (i32.const 8)))
        (br $key)))
    (i32.store (local.get $last) (local.get $p))
    (i32.store offset=4 (local.get $last) (local.get $end))
    (i32.const 0))

  ;; `,"fields":{…}` for the line [p, end), where it is one flat JSON object that is known here. Returns the place behind
  ;; what was written; 0 for any other line. At most 2048 bytes more than the line has are written.
  (func (export "fields") (param $at i32) (param $p i32) (param $end i32) (result i32)
    (local $count i32) (local $key i32) (local $keyEnd i32) (local $value i32) (local $valueEnd i32)
    (local $quoted i32) (local $byte i32)
    (local.set $p (call $blanks (local.get $p) (local.get $end)))
    (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (local.get $p)) (i32.const 123)) (then (return (i32.const 0))))
    (local.set $p (call $blanks (i32.add (local.get $p) (i32.const 1)) (local.get $end)))
    (local.set $at (call $copy (local.get $at) (i32.const 608) (i32.const 12)))
    (block $closed
      (loop $next
        (if (i32.or
              (i32.ge_u (local.get $p) (local.get $end))
              (i32.eq (local.get $count) (i32.const 64)))
          (then (return (i32.const 0))))
        (if (i32.ne (i32.load8_u (local.get $p)) (i32.const 34)) (then (return (i32.const 0))))
        (local.set $key (i32.add (local.get $p) (i32.const 1)))
        (global.set $slash (i32.const 0))
        (local.set $keyEnd (call $textEnd (local.get $key) (local.get $end)))
        (if (i32.or
              (i32.le_s (local.get $keyEnd) (local.get $key))
              (i32.or
                (global.get $slash)
                (i32.gt_s (i32.sub (local.get $keyEnd) (local.get $key)) (i32.const 128))))
          (then (return (i32.const 0))))
        (if (call $isKnown (local.get $key) (local.get $keyEnd) (local.get $count))
          (then (return (i32.const 0))))
        (local.set $p
          (call $blanks (i32.add (local.get $keyEnd) (i32.const 1)) (local.get $end)))
        (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const 0))))
        (if (i32.ne (i32.load8_u (local.get $p)) (i32.const 58)) (then (return (i32.const 0))))
        (local.set $p (call $blanks (i32.add (local.get $p) (i32.const 1)) (local.get $end)))
        (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const 0))))
        (local.set $quoted (i32.eq (i32.load8_u (local.get $p)) (i32.const 34)))
        (local.set $value (i32.add (local.get $p) (local.get $quoted)))
        (if (local.get $quoted)
          (then (local.set $valueEnd (call $textEnd (local.get $value) (local.get $end))))
          (else (local.set $valueEnd (call $plainEnd (local.get $value) (local.get $end)))))
        (if (i32.or
              (i32.lt_s (local.get $valueEnd) (i32.const 0))
              (i32.gt_s (i32.sub (local.get $valueEnd) (local.get $value)) (i32.const 8192)))
          (then (return (i32.const 0))))
        (if (local.get $count)
          (then
            (i32.store16 (local.get $at) (i32.const 0x222c)) ;; ,"
            (local.set $at (i32.add (local.get $at) (i32.const 2)))))
        (local.set $at
          (call $copy
            (local.get $at)
            (local.get $key)
            (i32.sub (local.get $keyEnd) (local.get $key))))
        (i32.store (local.get $at) (i32.const 0x223a22)) ;; ":"
        (local.set $at
          (call $copy
            (i32.add (local.get $at) (i32.const 3))
            (local.get $value)
            (i32.sub (local.get $valueEnd) (local.get $value))))
        (i32.store8 (local.get $at) (i32.const 34))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $p
          (call $blanks (i32.add (local.get $valueEnd) (local.get $quoted)) (local.get $end)))
        (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const 0))))
        (local.set $byte (i32.load8_u (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br_if $closed (i32.eq (local.get $byte) (i32.const 125)))
        (if (i32.ne (local.get $byte) (i32.const 44)) (then (return (i32.const 0))))
        (local.set $p (call $blanks (local.get $p) (local.get $end)))
        (br $next)))
    (if (i32.ne (call $blanks (local.get $p) (local.get $end)) (local.get $end))
      (then (return (i32.const 0))))
    (i32.store8 (local.get $at) (i32.const 125))
    (i32.add (local.get $at) (i32.const 1)))
)
