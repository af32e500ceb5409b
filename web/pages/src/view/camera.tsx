/** The picture of the camera, its light, and a picture as a file. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Done, FileField, type Props } from "./parts.tsx";

export function CameraPicture({ session }: Props) {
  const { camera, say } = session;
  const video = useRef<HTMLVideoElement>(null);
  const [isLit, setLit] = useState(false);
  const [found, setFound] = useState<string[]>([]);
  const stream = camera.state === "works" ? camera.stream : undefined;
  useEffect(() => {
    const shown = video.current;
    if (shown) shown.srcObject = stream ?? null;
    setLit(false);
    // With a stream it has a player, and the browser keeps both after the element has left the page.
    return () => {
      if (shown) shown.srcObject = null;
    };
  }, [stream]);
  const light = () => {
    void camera.torch(!isLit);
    setLit(!isLit);
  };
  const read = async (bytes: Uint8Array) => {
    setFound([]);
    const { lines } = await session.scanner.read({ bytes });
    if (lines.length === 0) setFound([say("page-picture-empty")]);
    for (const text of lines) await session.call({ do: "line", text });
  };
  return (
    <div class="camera">
      {stream && <video ref={video} muted autoPlay playsInline aria-label={say("page-camera")} />}
      <div class="buttons small">
        {stream && camera.hasTorch && (
          <button type="button" class="quiet" aria-pressed={isLit} onClick={light}>
            {say("page-light")}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => session.switchCamera(!session.usesCamera)}>
          {say(session.usesCamera ? "page-camera-off" : "page-camera-on")}
        </button>
        <FileField label={say("page-picture")} accept="image/png,image/jpeg" take={(bytes) => void read(bytes)} />
      </div>
      <Done lines={found} />
    </div>
  );
}
