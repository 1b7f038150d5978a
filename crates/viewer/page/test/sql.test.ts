import assert from "node:assert/strict";
import test from "node:test";
import { attributeConditions, attributeTerm, literal, parseDuration, where } from "../src/sql.ts";

test("a text is a literal, whatever is in it", () => {
  assert.equal(literal("it's; DROP TABLE x --"), "'it''s; DROP TABLE x --'");
});

test("conditions on attributes", () => {
  const cases: Record<string, string[]> = {
    "http.route=/cart": ["attributes->>'http.route' = '/cart'"],
    "resource.host.name=web-1": ["resource_attributes->>'host.name' = 'web-1'"],
    'a="x y" b!=2': ["attributes->>'a' = 'x y'", "(attributes->>'b') IS DISTINCT FROM '2'"],
    "user~ANN": ["contains(lower(attributes->>'user'), 'ann')"],
    "n>=2.5": ["TRY_CAST(attributes->>'n' AS DOUBLE) >= 2.5"],
    "user.id !gone": ["(attributes->>'user.id') IS NOT NULL", "(attributes->>'gone') IS NULL"],
    "k=it's": ["attributes->>'k' = 'it''s'"],
    "k=": ["attributes->>'k' = ''"],
    "": [],
  };
  for (const [text, conditions] of Object.entries(cases)) assert.deepEqual(attributeConditions(text), { conditions, error: null }, text);
});

test("what is no condition is an error that names it", () => {
  for (const text of ["=x", "n>many", "n>"]) assert.match(attributeConditions(text).error ?? "", new RegExp(text), text);
});

test("a term finds the value that it was made of", () => {
  for (const value of ["plain", "two words", "a=b", ""]) {
    const { conditions } = attributeConditions(attributeTerm("key", value, true));
    assert.deepEqual(conditions, [`resource_attributes->>'key' = ${literal(value)}`]);
  }
});

test("durations as people write them", () => {
  const cases: Record<string, number | null> = { "250ms": 250e6, "1.5 s": 1.5e9, "80µs": 80e3, "80us": 80e3, "7": 7e6, "2m": 12e10, ".5h": 1.8e12, "1 day": null, x: null, "": null };
  for (const [text, nanoseconds] of Object.entries(cases)) assert.equal(parseDuration(text), nanoseconds, text);
});

test("no condition is no WHERE", () => {
  assert.equal(where([]), "");
  assert.equal(where(["a", "b"]), "\nWHERE a\n  AND b");
});
