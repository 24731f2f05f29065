// The line to the server: snapshots, heartbeats, and what to say when they stay away.

// The addresses hang on this file's own, so that they hold with and without a slash after the mount point.
export const address = (path) => new URL(`../${path}`, import.meta.url).href;

export function connect({ onSnapshot, onBeat, onLink }) {
  let source = null;
  let timer = null;
  let staleAfter = 10000;
  let lastBeat = "";

  function alive() {
    clearTimeout(timer);
    timer = setTimeout(() => onLink("stale", lastBeat), staleAfter);
  }

  function open() {
    source = new EventSource(address("api/events"));
    source.addEventListener("snapshot", (event) => {
      const snapshot = JSON.parse(event.data);
      staleAfter = snapshot.stale_after_ms;
      alive();
      onLink("live", lastBeat);
      onSnapshot(snapshot);
    });
    source.addEventListener("heartbeat", (event) => {
      const beat = JSON.parse(event.data);
      lastBeat = beat.now_label;
      alive();
      onLink("live", lastBeat);
      onBeat(beat);
    });
    source.addEventListener("error", () => {
      onLink("reconnecting", lastBeat);
      // The browser tries again by itself unless the server refused.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    });
  }

  alive();
  open();
}
