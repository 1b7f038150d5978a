// The name of a service beside its colour.
import { serviceColor } from "./colors.ts";
import { Line } from "./text.tsx";

export function Service({ name }: { name: string }) {
  return (
    <span class="service">
      <i class="swatch" style={{ background: serviceColor(name) }} />
      <Line text={name || "unknown_service"} />
    </span>
  );
}
