-- Who can read an item on its site. A content whose item not everyone can read is `private`, not `published`.
CREATE TYPE "content_visibility" AS ENUM ('public', 'private', 'password');
ALTER TYPE "content_status" ADD VALUE 'private';
ALTER TABLE "content" ADD COLUMN "visibility" "content_visibility" NOT NULL DEFAULT 'public';
