/** A run, as the API shows it. */
export interface RunBody {
  id: number;
  status: string;
  error: string | null;
  progress: { done: number; expected: number | null };
  totals: Record<string, number>;
}
