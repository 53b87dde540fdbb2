import { memo, useMemo } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { flops } from "../../charts/words";
import { differences, getSetting, SETTINGS, type SettingEntry } from "../../core/config/paths";
import { PRESETS, type PresetName } from "../../core/config/presets";
import { lossWeights } from "../../core/config/rules";
import { useLab, useLabStore } from "../../state/context";
import { CheckpointControl } from "../models/CheckpointControl";
import { ModelsDialog } from "../models/ModelsDialog";
import { checkpointSide } from "../models/names";
import { ChangeLine } from "../parts/ChangeLine";
import { Choice } from "../parts/Choice";
import { Icon } from "../parts/icons";
import { Segmented } from "../parts/Segmented";
import { CollectionSummary } from "./CollectionSummary";
import { SettingControl } from "./controls/SettingControl";
import { GROUPS, type SettingGroup } from "./groups";
import { noticeOf } from "./notices";
import { RunButtons } from "./RunButtons";
import { qkdReading } from "./reading";
import { settingMatters } from "./rules";

/** Everything a run depends on, from the one schema. */
export const SettingsPanel = memo(function SettingsPanel({ readOnly }: { readOnly: boolean }) {
  return (
    <aside className="panel" id="settings" aria-label="Experiment settings">
      <div className="scroll">
        <PresetGroup disabled={readOnly} />
        <div className="preset">
          <DataSource disabled={readOnly} />
        </div>
        {GROUPS.map((group) => (
          <Group key={group.id} group={group} disabled={readOnly} />
        ))}
      </div>
      <ModelsDialog disabled={readOnly} />
      <RunButtons readOnly={readOnly} />
    </aside>
  );
});

/** Settings of the collection, which no preset changes. */
const OWN_CHOICE = ["data.source", "data.wordnet", "data.queriesFrom"];

function PresetGroup({ disabled }: { disabled: boolean }) {
  const { lab } = useLab();
  const preset = useLabStore("lab", (s) => s.preset);
  const base = useLabStore("lab", (s) => s.base);
  const experiment = useLabStore("lab", (s) => s.experiment);
  // The collection is the user's own choice, in sight right below; everything else is listed.
  const changed = useMemo(
    () => differences(base, experiment).filter((d) => !OWN_CHOICE.includes(d.path)).length,
    [base, experiment],
  );
  const notices = useLabStore("lab", (s) => s.notices);
  const seed = SETTINGS.find((s) => s.path === "seed")!;
  return (
    <div className="preset">
      <div className="line">
        <span className="title">Preset</span>
        {changed > 0 ? (
          <button type="button" className="linkbtn" disabled={disabled} onClick={() => lab.getState().reset()}>
            Reset
          </button>
        ) : null}
      </div>
      <Choice
        label="Preset"
        wide
        value={preset}
        disabled={disabled}
        options={(Object.keys(PRESETS) as PresetName[]).map((id) => ({
          id,
          label: PRESETS[id].label,
          note: PRESETS[id].help,
        }))}
        onChange={(name) => lab.getState().setPreset(name)}
      />
      <p className="help">
        {PRESETS[preset].help} All five systems together: {flops(PRESETS[preset].flops)}.
      </p>
      {changed > 0 ? (
        <details className="differs">
          <summary>
            {changed} {changed === 1 ? "setting differs" : "settings differ"} from the preset
            <i className="diamond" aria-hidden="true" />
          </summary>
          <p>
            <ChangeLine from={base} to={experiment} most={Number.POSITIVE_INFINITY} />
          </p>
        </details>
      ) : null}
      <SettingControl
        setting={seed}
        experiment={experiment}
        base={base}
        disabled={disabled}
        notice={noticeOf(notices, "seed")}
        onChange={(path, value) => lab.getState().set(path, value)}
      />
    </div>
  );
}

const Group = memo(function Group({ group, disabled }: { group: SettingGroup; disabled: boolean }) {
  const { lab } = useLab();
  const experiment = useLabStore("lab", (s) => s.experiment);
  const base = useLabStore("lab", (s) => s.base);
  const notices = useLabStore("lab", (s) => s.notices);
  const changed = group.settings.some((s) => getSetting(experiment, s.path) !== getSetting(base, s.path));
  const note = group.note?.(experiment);
  // What was changed stays in sight, that it can be changed back.
  const shown = ({ path }: SettingEntry) =>
    settingMatters(path, experiment) || getSetting(experiment, path) !== getSetting(base, path);
  return (
    <Disclosure className="group" defaultExpanded={group.id === "stage2"}>
      {({ isExpanded }) => (
        <>
          <Heading level={2}>
            <AriaButton slot="trigger">
              <Icon name="right" size={10} />
              <span className="title">{group.title}</span>
              {changed ? <i className="diamond" role="img" aria-label="has changes" /> : null}
              <span className="value">{isExpanded ? "" : group.summary(experiment)}</span>
            </AriaButton>
          </Heading>
          <DisclosurePanel>
            {isExpanded ? (
              <div className="body">
                {note ? <p className="reading">{note}</p> : null}
                {group.settings.filter(shown).map((setting) => {
                  const side = checkpointSide(setting.path);
                  if (side)
                    return <CheckpointControl key={setting.path} setting={setting} side={side} disabled={disabled} />;
                  return (
                    <SettingControl
                      key={setting.path}
                      setting={setting}
                      experiment={experiment}
                      base={base}
                      disabled={disabled}
                      notice={noticeOf(notices, setting.path)}
                      onChange={(path, value) => lab.getState().set(path, value)}
                    />
                  );
                })}
                {group.id === "stage2" ? <QkdReading /> : null}
              </div>
            ) : null}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
});

function DataSource({ disabled }: { disabled: boolean }) {
  const { lab } = useLab();
  const source = useLabStore("lab", (s) => s.experiment.data.source);
  const { info } = SETTINGS.find((s) => s.path === "data.source")!;
  return (
    <>
      <div className="field">
        <div className="line">
          <span className="label">{info.label}</span>
          <Segmented
            label={info.label}
            value={source}
            disabled={disabled}
            options={[
              { id: "notes", label: "notes" },
              { id: "wordnet", label: "WordNet" },
              { id: "files", label: "your data" },
            ]}
            onChange={(v) => lab.getState().set("data.source", v)}
          />
        </div>
        <p className="help">{info.help}</p>
      </div>
      <CollectionSummary disabled={disabled} />
    </>
  );
}

function QkdReading() {
  const experiment = useLabStore("lab", (s) => s.experiment);
  const { stage2, embeddingSize } = experiment;
  const own = ["mseWeight", "cosineWeight"];
  const others = lossWeights(experiment).some(([name, weight]) => weight > 0 && !own.includes(name));
  const reading = qkdReading({ ...stage2, embeddingSize, others });
  return (
    <div className="reading" aria-live="polite">
      {reading.mse === null ? null : (
        <div className="split" aria-hidden="true">
          <i style={{ flexGrow: reading.mse }} />
          <i style={{ flexGrow: 1 - reading.mse }} />
        </div>
      )}
      <b>{reading.headline}</b> {reading.detail}
    </div>
  );
}
