import { Prisma } from './generated/client.ts';

/** Whether a row could not be written because there is one with the same unique columns. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
