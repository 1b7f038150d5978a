import assert from "node:assert/strict";
import test from "node:test";
import { parseJson, plain } from "../src/json.ts";
import { visible } from "../src/text.tsx";
import { clockTime, count, digits, duration, parseTimestamp, shortTime, stepFor, timestampText } from "../src/time.ts";

test("times keep their nanoseconds, before 1970 too", () => {
  assert.equal(parseTimestamp("1970-01-01 00:00:00.000000001"), 1n);
  assert.equal(parseTimestamp("2025-11-24 10:00:00.72"), 1763978400720000000n);
  assert.equal(parseTimestamp("infinity"), null);
  for (const text of ["2025-11-24 10:00:00.723817715", "2025-11-24 10:00:10", "1969-12-31 23:59:59.999999999", "1969-12-31 23:59:58"]) {
    assert.equal(timestampText(parseTimestamp(text)!), text);
  }
});

test("times as people read them", () => {
  assert.equal(shortTime("2025-11-24 10:00:00.72"), "24 Nov 10:00:00");
  assert.equal(clockTime("2025-11-24 10:00:00.7"), "10:00:00.700");
  assert.equal(clockTime("2025-11-24 10:00:00"), "10:00:00.000");
  assert.equal(clockTime(""), "");
});

test("durations and numbers have three digits", () => {
  const durations: [number, string][] = [[0, "0 ms"], [999, "999 ns"], [65_339_000, "65.3 ms"], [1.5e9, "1.5 s"], [9e10, "1.5 min"], [NaN, "–"]];
  for (const [nanoseconds, text] of durations) assert.equal(duration(nanoseconds), text);
  const numbers: [number, string][] = [[0, "0"], [0.13349, "0.133"], [1234.5, "1,235"], [-2, "-2"], [1e20, "1.00e+20"], [Infinity, "∞"], [NaN, "–"]];
  for (const [value, text] of numbers) assert.equal(digits(value), text);
  assert.equal(count(1234567), "1,234,567");
});

test("buckets of time are round, and no more than asked for", () => {
  assert.deepEqual(stepFor(0n, 3_600_000_000_000n, 60), { seconds: 60, interval: "INTERVAL 1 MINUTE" });
  assert.deepEqual(stepFor(0n, 3_600_000_000_001n, 59), { seconds: 120, interval: "INTERVAL 2 MINUTES" });
  assert.equal(stepFor(0n, 0n, 60).seconds, 0.001);
});

test("JSON keeps the digits of integers", { skip: !("rawJSON" in JSON) && "this Node.js does not hand sources to revivers" }, () => {
  assert.equal(plain(parseJson('{"a": 9007199254740993, "b": [1, "x"], "c": null}')), '{"a": 9007199254740993, "b": [1, "x"], "c": null}');
});

test("values are read as they are", () => {
  assert.equal(plain(parseJson('"text"')), "text");
  assert.equal(plain(parseJson("true")), "true");
  assert.equal(plain(parseJson("no JSON")), "no JSON");
});

test("nothing is obeyed, and nothing is hidden", () => {
  assert.equal(visible("\x1b[1;31mred\x1b[0m"), "red");
  assert.equal(visible("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\"), "link");
  assert.equal(visible("\x1b]0;never ended"), "");
  assert.equal(visible("a\0b\x07\x7f"), "a␀b␇␡");
  assert.equal(visible("x\u202ey\u200b"), "x⟨U+202E⟩y⟨U+200B⟩");
  assert.equal(visible("tab\tand\r\nline"), "tab\tand\nline");
});
