-- How many items a weak site can give or take at once. No list has a row at first: each is asked for in full.
CREATE TABLE "part_size" (
    "integration_id" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "list" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "part_size_pkey" PRIMARY KEY ("integration_id", "list"),
    CONSTRAINT "part_size_positive" CHECK ("size" > 0)
);

ALTER TABLE "part_size" ADD CONSTRAINT "part_size_integration_id_site_id_account_id_fkey" FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Items whose request fails although it asks for that item alone. No item is known at first.
CREATE TABLE "failing_item" (
    "integration_id" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "content_type" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "failed_since" TIMESTAMPTZ(3) NOT NULL,
    "tried_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "failing_item_pkey" PRIMARY KEY ("integration_id", "content_type", "external_id")
);

CREATE INDEX "failing_item_integration_id_content_type_tried_at_idx" ON "failing_item"("integration_id", "content_type", "tried_at");

ALTER TABLE "failing_item" ADD CONSTRAINT "failing_item_integration_id_site_id_account_id_fkey" FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;
