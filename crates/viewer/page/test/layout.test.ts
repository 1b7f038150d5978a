import assert from "node:assert/strict";
import test from "node:test";
import { type Edge, layers } from "../src/charts/graph.ts";
import { type Span, layout, unfolded } from "../src/trace/layout.ts";

function span(id: string, parent: string, start = 0): Span {
  return { id, parent, service: "s", name: id, kind: "", failed: false, start, duration: 1 };
}

function drawn(spans: Span[]): string[] {
  return layout(spans).map(({ span: { id }, depth, below }) => `${" ".repeat(depth)}${id} ${below}`);
}

test("children stand below their parents, the earlier first", () => {
  const spans = [span("c", "a", 3), span("d", "b", 4), span("a", "", 0), span("b", "a", 1)];
  assert.deepEqual(drawn(spans), ["a 3", " b 1", "  d 0", " c 0"]);
});

test("a span whose parent is absent is a root, and says so", () => {
  const nodes = layout([span("a", "gone"), span("b", "")]);
  assert.deepEqual(nodes.map(({ span: { id }, orphan }) => [id, orphan]), [["a", true], ["b", false]]);
});

test("circles and equal ids: each span is shown once", () => {
  const spans = [span("a", "b"), span("b", "a"), span("c", "c"), span("d", ""), span("d", ""), span("", ""), span("", "d")];
  assert.equal(layout(spans).length, spans.length);
});

test("a chain of any length", () => {
  const spans = Array.from({ length: 50_000 }, (_, place) => span(String(place), place === 0 ? "" : String(place - 1), place));
  const nodes = layout(spans);
  assert.equal(nodes[nodes.length - 1]?.depth, spans.length - 1);
  assert.equal(nodes[0]?.below, spans.length - 1);
});

test("what is below a folded span is left out", () => {
  const nodes = layout([span("a", ""), span("b", "a", 1), span("c", "b", 2), span("d", "a", 3)]);
  const names = (folded: string[]) => unfolded(nodes, new Set(folded)).map((place) => nodes[place]?.span.id);
  assert.deepEqual(names([]), ["a", "b", "c", "d"]);
  assert.deepEqual(names(["b"]), ["a", "b", "d"]);
  assert.deepEqual(names(["a", "b"]), ["a"]);
  assert.deepEqual(names(["c"]), ["a", "b", "c", "d"]);
});

test("callers stand before those that they call, circles or not", () => {
  const edges: Edge[] = [
    { from: "web", to: "cart" },
    { from: "web", to: "pay" },
    { from: "cart", to: "db" },
    { from: "pay", to: "cart" },
  ];
  assert.deepEqual(layers(["cart", "db", "pay", "web"], edges), [["web"], ["pay"], ["cart"], ["db"]]);
  const around = layers(["a", "b", "c"], [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "a" }, { from: "b", to: "b" }]);
  assert.deepEqual(around, [["a"], ["b"], ["c"]]);
});
