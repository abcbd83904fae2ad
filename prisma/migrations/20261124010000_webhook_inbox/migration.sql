-- For an hour after a rotation webhooks may be signed with the key before.
ALTER TABLE "site" ADD COLUMN "previous_key_encrypted" TEXT,
ADD COLUMN "previous_key_until" TIMESTAMPTZ(3);
ALTER TABLE "site" ADD CONSTRAINT "site_previous_key_whole" CHECK (
  ("previous_key_encrypted" IS NULL) = ("previous_key_until" IS NULL)
);

ALTER TABLE "content" ADD COLUMN "last_op_id" TEXT;

-- Nothing could be stored here before, so no row lacks a subject.
ALTER TABLE "webhook_delivery" ADD COLUMN "subject" TEXT NOT NULL;
DROP INDEX "webhook_delivery_account_id_id_idx";
CREATE INDEX "webhook_delivery_account_id_status_id_idx" ON "webhook_delivery"("account_id", "status", "id");
CREATE INDEX "webhook_delivery_site_id_subject_id_idx" ON "webhook_delivery"("site_id", "subject", "id");

CREATE INDEX "sync_event_site_id_event_type_id_idx" ON "sync_event"("site_id", "event_type", "id");
