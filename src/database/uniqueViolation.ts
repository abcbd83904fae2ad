import { Prisma } from './generated/client.ts';

/** Whether a row could not be written because another row has the same values in unique columns. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
