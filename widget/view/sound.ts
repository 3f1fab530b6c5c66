/** Two soft notes, made here rather than fetched. A browser allows none before the visitor has touched the page. */
export function createSound(): { play(): void } {
  let audio: AudioContext | undefined
  return {
    play() {
      try {
        audio ??= new AudioContext()
        note(audio, 660, 0)
        note(audio, 880, 0.12)
      } catch {
        // No sound is no loss.
      }
    },
  }
}

function note(audio: AudioContext, frequency: number, after: number): void {
  const at = audio.currentTime + after
  const [tone, volume] = [audio.createOscillator(), audio.createGain()]
  tone.frequency.value = frequency
  volume.gain.setValueAtTime(0.0001, at)
  volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3)
  tone.connect(volume).connect(audio.destination)
  tone.start(at)
  tone.stop(at + 0.32)
}
