import { type ReactNode, useEffect, useRef } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Button } from "./Button";

/** A question before something that cannot be taken back, or any other small window. */
export function Window({
  title,
  open,
  wide = false,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  /** For more than a question. */
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLElement>(null);
  // A focused button that is disabled or goes away leaves the focus to the page, where Escape and Tab do not reach the
  // window; the browser lets go of it a frame after the change.
  useEffect(() => {
    if (!open) return;
    const timer = setTimeout(() => {
      if (document.activeElement === document.body) dialog.current?.focus();
    }, 50);
    return () => clearTimeout(timer);
  });
  return (
    <ModalOverlay
      className="overlay"
      isOpen={open}
      isDismissable
      onOpenChange={(is) => {
        if (!is) onClose();
      }}
    >
      <Modal className={wide ? "modal wide" : "modal"}>
        <Dialog ref={dialog}>
          <Heading slot="title">{title}</Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export function Ask({
  title,
  open,
  action,
  onClose,
  onYes,
  children,
}: {
  title: string;
  open: boolean;
  action: string;
  onClose: () => void;
  onYes: () => void;
  children: ReactNode;
}) {
  return (
    <Window title={title} open={open} onClose={onClose}>
      {children}
      <div className="acts">
        <Button
          look="danger"
          onPress={() => {
            onClose();
            onYes();
          }}
        >
          {action}
        </Button>
        <Button autoFocus onPress={onClose}>
          Cancel
        </Button>
      </div>
    </Window>
  );
}
