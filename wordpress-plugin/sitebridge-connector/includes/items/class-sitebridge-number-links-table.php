<?php
/**
 * The table of links by the numbers of contents.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Of servers that know contents by number alone. Numbers come back with a new or restored database.
 */
final class Sitebridge_Number_Links_Table extends Sitebridge_Links_Table {

	const TABLE          = 'sitebridge_items';
	const VERSION_OPTION = 'sitebridge_connector_items_version';
	const VERSION        = '1';
	const COLUMN         = 'content_id';
	const TYPE           = 'bigint unsigned';
}
