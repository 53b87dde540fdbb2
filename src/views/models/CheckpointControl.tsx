import type { SettingEntry } from "../../core/config/paths";
import { useLab, useLabStore } from "../../state/context";
import { trainingModel } from "../../state/pretrain";
import { Button } from "../parts/Button";
import { modelName } from "./names";

/** What a tower starts from: the model's name, and the window to choose another one. */
export function CheckpointControl({
  setting,
  side,
  disabled,
}: {
  setting: SettingEntry;
  side: "teacher" | "student";
  disabled: boolean;
}) {
  const { lab, models } = useLab();
  const reference = useLabStore("lab", (s) => s.experiment[side].checkpoint);
  const training = useLabStore("pretrain", trainingModel);
  return (
    <div className="field">
      <div className="line">
        <span className="label">{setting.info.label}</span>
        {/* To be looked at in a tab that is read-only, too: nothing in the window can be changed there. */}
        <Button onPress={() => models.getState().choose(side, training ? "train" : "here")}>
          {reference === "" ? "Choose a model" : "Change"}
        </Button>
      </div>
      <p className="help">
        {reference === "" ? (
          setting.info.help
        ) : (
          <>
            <b>{modelName(reference)}</b>: its shape, tokenizer and prompts are used.{" "}
            <button
              type="button"
              className="linkbtn"
              disabled={disabled}
              onClick={() => lab.getState().set(`${side}.checkpoint`, "")}
            >
              Start at random instead
            </button>
          </>
        )}
      </p>
    </div>
  );
}
