import { type ReactNode, useRef, useState } from "react";
import type { PickedFile } from "../../state/runs";
import { droppedFiles, inputFiles } from "./picked";

/** A place to drop files or a folder, with two buttons for those who would rather choose. */
export function Drop({
  label,
  accept,
  folders = true,
  disabled = false,
  onFiles,
  children,
}: {
  label: string;
  accept: string;
  folders?: boolean;
  disabled?: boolean;
  onFiles: (files: PickedFile[]) => void;
  children: ReactNode;
}) {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (list: FileList | null) => {
    const picked = inputFiles(list);
    if (picked.length > 0) onFiles(picked);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the buttons inside do the same.
    <div
      className={over ? "drop over" : "drop"}
      onDragOver={(e) => {
        if (disabled) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        if (!disabled) void droppedFiles(e.dataTransfer).then((picked) => picked.length > 0 && onFiles(picked));
      }}
    >
      <span>{children}</span>{" "}
      <button type="button" className="linkbtn" disabled={disabled} onClick={() => files.current?.click()}>
        choose files
      </button>
      {folders ? (
        <>
          {" or "}
          <button type="button" className="linkbtn" disabled={disabled} onClick={() => folder.current?.click()}>
            a folder
          </button>
        </>
      ) : null}
      <input
        ref={files}
        className="sr"
        type="file"
        multiple
        tabIndex={-1}
        aria-label={`${label}: files`}
        accept={accept}
        onChange={(e) => {
          take(e.currentTarget.files);
          e.currentTarget.value = "";
        }}
      />
      {folders ? (
        <input
          ref={folder}
          className="sr"
          type="file"
          multiple
          tabIndex={-1}
          aria-label={`${label}: folder`}
          // Not in React's types: the attribute is spelled as the browsers know it.
          {...({ webkitdirectory: "" } as object)}
          onChange={(e) => {
            take(e.currentTarget.files);
            e.currentTarget.value = "";
          }}
        />
      ) : null}
    </div>
  );
}
