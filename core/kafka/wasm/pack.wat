;; Packs the records of a batch as an LZ4 block or a raw snappy block. Both name repeats by distance and length, so one
;; search serves both: a table of the last place of each hash of four bytes, greedy, with larger steps where nothing
;; repeats. TypeScript calls it through ../pack.ts. It promises: nothing outside [in, end) but 7 bytes behind it is
;; read, nothing outside [out, outEnd) and the table is changed.
;;
;; Formats: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md,
;; https://github.com/google/snappy/blob/main/format_description.txt
;; Build: deno run -A deploy/wasm.ts (writes pack_module.ts).
(module
  (import "env" "memory" (memory 1))

  (global $table (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))

  (func $byte (param $value i32)
    (i32.store8 (global.get $out) (local.get $value))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))

  ;; Place in the table for four bytes: 12 bits of a product (the table has 16 KiB).
  (func $slot (param $four i32) (result i32)
    (i32.add
      (global.get $table)
      (i32.and
        (i32.shr_u (i32.mul (local.get $four) (i32.const 0x9e3779b1)) (i32.const 18))
        (i32.const 16380))))

  ;; The rest of a length whose first 15 are in the token: bytes of 255, then what is left.
  (func $lz4Length (param $rest i32)
    (block $done
      (loop $more
        (br_if $done (i32.lt_u (local.get $rest) (i32.const 255)))
        (call $byte (i32.const 255))
        (local.set $rest (i32.sub (local.get $rest) (i32.const 255)))
        (br $more)))
    (call $byte (local.get $rest)))

  ;; Bytes as they are. Words of eight would write behind the end, so the last ones are written by themselves.
  (func $copy (param $from i32) (param $size i32)
    (local $to i32) (local $stop i32)
    (local.set $to (global.get $out))
    (global.set $out (i32.add (local.get $to) (local.get $size)))
    (local.set $stop (i32.sub (global.get $out) (i32.const 8)))
    (block $words
      (loop $next
        (br_if $words (i32.gt_u (local.get $to) (local.get $stop)))
        (i64.store (local.get $to) (i64.load (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $next)))
    (block $bytes
      (loop $next
        (br_if $bytes (i32.ge_u (local.get $to) (global.get $out)))
        (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next))))

  (func $min15 (param $value i32) (result i32)
    (select (local.get $value) (i32.const 15) (i32.lt_u (local.get $value) (i32.const 15))))

  ;; Literals [from, from + size), and then a match of `length` (4 and more) `back` bytes ago; length 0: the last ones.
  (func $lz4Put (param $from i32) (param $size i32) (param $back i32) (param $length i32)
    (local $rest i32)
    (if (local.get $length)
      (then (local.set $rest (i32.sub (local.get $length) (i32.const 4)))))
    (call $byte
      (i32.or
        (i32.shl (call $min15 (local.get $size)) (i32.const 4))
        (call $min15 (local.get $rest))))
    (if (i32.ge_u (local.get $size) (i32.const 15))
      (then (call $lz4Length (i32.sub (local.get $size) (i32.const 15)))))
    (call $copy (local.get $from) (local.get $size))
    (if (local.get $length)
      (then
        (call $byte (local.get $back))
        (call $byte (i32.shr_u (local.get $back) (i32.const 8)))
        (if (i32.ge_u (local.get $rest) (i32.const 15))
          (then (call $lz4Length (i32.sub (local.get $rest) (i32.const 15))))))))

  ;; The same in snappy: the length of literals in the tag or in up to four bytes behind it; copies of 64 at most.
  (func $snappyPut (param $from i32) (param $size i32) (param $back i32) (param $length i32)
    (local $rest i32) (local $part i32) (local $bytes i32)
    (if (local.get $size)
      (then
        (local.set $rest (i32.sub (local.get $size) (i32.const 1)))
        (if (i32.lt_u (local.get $rest) (i32.const 60))
          (then (call $byte (i32.shl (local.get $rest) (i32.const 2))))
          (else
            (local.set $bytes
              (i32.add (i32.const 1)
                (i32.add
                  (i32.ge_u (local.get $rest) (i32.const 0x100))
                  (i32.add
                    (i32.ge_u (local.get $rest) (i32.const 0x10000))
                    (i32.ge_u (local.get $rest) (i32.const 0x1000000))))))
            (call $byte (i32.shl (i32.add (i32.const 59) (local.get $bytes)) (i32.const 2)))
            (loop $next
              (call $byte (local.get $rest))
              (local.set $rest (i32.shr_u (local.get $rest) (i32.const 8)))
              (local.set $bytes (i32.sub (local.get $bytes) (i32.const 1)))
              (br_if $next (local.get $bytes)))))
        (call $copy (local.get $from) (local.get $size))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        ;; What is left must be 4 and more, or nothing.
        (local.set $part
          (select (i32.const 64)
            (select (i32.const 60) (local.get $length) (i32.gt_u (local.get $length) (i32.const 64)))
            (i32.ge_u (local.get $length) (i32.const 68))))
        (local.set $length (i32.sub (local.get $length) (local.get $part)))
        (if (i32.and
              (i32.lt_u (local.get $part) (i32.const 12))
              (i32.lt_u (local.get $back) (i32.const 2048)))
          (then
            (call $byte
              (i32.or
                (i32.or
                  (i32.shl (i32.shr_u (local.get $back) (i32.const 8)) (i32.const 5))
                  (i32.shl (i32.sub (local.get $part) (i32.const 4)) (i32.const 2)))
                (i32.const 1)))
            (call $byte (local.get $back)))
          (else
            (call $byte
              (i32.or (i32.shl (i32.sub (local.get $part) (i32.const 1)) (i32.const 2)) (i32.const 2)))
            (call $byte (local.get $back))
            (call $byte (i32.shr_u (local.get $back) (i32.const 8)))))
        (br $next))))

  ;; Packs [in, end) to `out`; the place behind it, or 0 where it does not fit before `outEnd`. `table`: 16 KiB. `in`
  ;; and `end` lie above 65536 + 16: a slot that was never filled is too far back to count. LZ4 wants the last five
  ;; bytes as literals and no match that begins in the last twelve; for snappy it costs nothing that matters.
  (func (export "pack") (param $snappy i32) (param $in i32) (param $end i32) (param $to i32) (param $outEnd i32)
    (param $tableAt i32) (result i32)
    (local $at i32) (local $anchor i32) (local $last i32) (local $four i32) (local $slot i32) (local $seen i32)
    (local $step i32) (local $match i32) (local $limit i32) (local $size i32) (local $back i32) (local $diff i64)
    (global.set $table (local.get $tableAt))
    (global.set $out (local.get $to))
    (memory.fill (local.get $tableAt) (i32.const 0) (i32.const 16384))
    (local.set $at (local.get $in))
    (local.set $anchor (local.get $in))
    (local.set $last (i32.sub (local.get $end) (i32.const 13)))
    (local.set $limit (i32.sub (local.get $end) (i32.const 5)))
    (block $tail
      (loop $search
        (local.set $step (i32.const 64))
        (block $found
          (loop $find
            (br_if $tail (i32.gt_s (local.get $at) (local.get $last)))
            (local.set $four (i32.load (local.get $at)))
            (local.set $slot (call $slot (local.get $four)))
            (local.set $seen (i32.load (local.get $slot)))
            (i32.store (local.get $slot) (local.get $at))
            (if (i32.lt_u (i32.sub (local.get $at) (local.get $seen)) (i32.const 65536))
              (then (br_if $found (i32.eq (i32.load (local.get $seen)) (local.get $four)))))
            (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $step) (i32.const 6))))
            (local.set $step (i32.add (local.get $step) (i32.const 1)))
            (br $find)))
        ;; The match may have begun earlier, where a step went over it.
        (block $begin
          (loop $before
            (br_if $begin (i32.le_u (local.get $at) (local.get $anchor)))
            (br_if $begin (i32.le_u (local.get $seen) (local.get $in)))
            (br_if $begin
              (i32.ne
                (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))
                (i32.load8_u (i32.sub (local.get $seen) (i32.const 1)))))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (local.set $seen (i32.sub (local.get $seen) (i32.const 1)))
            (br $before)))
        (local.set $back (i32.sub (local.get $at) (local.get $seen)))
        (local.set $match (i32.add (local.get $at) (i32.const 4)))
        (block $ends
          (loop $longer
            (if (i32.gt_s (i32.add (local.get $match) (i32.const 8)) (local.get $limit))
              (then
                (br_if $ends (i32.ge_s (local.get $match) (local.get $limit)))
                (br_if $ends
                  (i32.ne
                    (i32.load8_u (local.get $match))
                    (i32.load8_u (i32.sub (local.get $match) (local.get $back)))))
                (local.set $match (i32.add (local.get $match) (i32.const 1)))
                (br $longer)))
            (local.set $diff
              (i64.xor
                (i64.load (local.get $match))
                (i64.load (i32.sub (local.get $match) (local.get $back)))))
            (if (i64.eqz (local.get $diff))
              (then
                (local.set $match (i32.add (local.get $match) (i32.const 8)))
                (br $longer)))
            (local.set $match
              (i32.add
                (local.get $match)
                (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $diff)) (i64.const 3)))))))
        (local.set $size (i32.sub (local.get $at) (local.get $anchor)))
        (local.set $four (i32.sub (local.get $match) (local.get $at)))
        (if (call $full (local.get $outEnd) (local.get $size) (local.get $four)) (then (return (i32.const 0))))
        (if (local.get $snappy)
          (then (call $snappyPut (local.get $anchor) (local.get $size) (local.get $back) (local.get $four)))
          (else (call $lz4Put (local.get $anchor) (local.get $size) (local.get $back) (local.get $four))))
        (local.set $at (local.get $match))
        (local.set $anchor (local.get $match))
        (i32.store
          (call $slot (i32.load (i32.sub (local.get $match) (i32.const 2))))
          (i32.sub (local.get $match) (i32.const 2)))
        (br $search)))
    (local.set $size (i32.sub (local.get $end) (local.get $anchor)))
    (if (call $full (local.get $outEnd) (local.get $size) (i32.const 0)) (then (return (i32.const 0))))
    (if (local.get $snappy)
      (then (call $snappyPut (local.get $anchor) (local.get $size) (i32.const 0) (i32.const 0)))
      (else (call $lz4Put (local.get $anchor) (local.get $size) (i32.const 0) (i32.const 0))))
    (global.get $out))

  ;; Whether literals and a match of these sizes may not fit: in either format a length costs less than a 21st of itself.
  (func $full (param $outEnd i32) (param $size i32) (param $length i32) (result i32)
    (i32.gt_s
      (i32.add
        (i32.add (global.get $out) (i32.const 24))
        (i32.add
          (i32.add (local.get $size) (i32.shr_u (local.get $size) (i32.const 7)))
          (i32.div_u (local.get $length) (i32.const 20))))
      (local.get $outEnd)))
)
