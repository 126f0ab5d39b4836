import { useEffect, useState } from 'react';
import { now } from '../clock.js';

/** The time now, milliseconds since the epoch; again each second. */
export function useNow(): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return time;
}
