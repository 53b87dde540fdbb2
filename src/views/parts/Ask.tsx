import type { ReactNode } from "react";
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
        <Dialog>
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
