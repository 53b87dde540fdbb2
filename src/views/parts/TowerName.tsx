import { LOOKS } from "../../charts/systems";
import type { SystemName } from "../../core/formats/result";

/** A system's name with its dot. */
export function TowerName({ system, spec }: { system: SystemName; spec?: string }) {
  const look = LOOKS[system];
  return (
    <>
      <span className={`tower ${look.className}`}>{look.label}</span>
      {spec ? <span className="spec">{spec}</span> : null}
    </>
  );
}
