-- Existing rows get null: no write of theirs was seen to be refused by the host.
ALTER TABLE "site_integration" ADD COLUMN "writes_blocked_at" TIMESTAMPTZ(3);
