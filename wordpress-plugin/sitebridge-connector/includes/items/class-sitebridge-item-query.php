<?php
/**
 * Queries that must not fail in silence.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks the database and throws where WordPress would give an empty result: what looks as if there were
 * nothing any more would have the server take contents for deleted.
 */
final class Sitebridge_Item_Query {

	/**
	 * Rows.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	public static function rows( $sql ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.NotPrepared -- as the database has it, not a cache; whoever calls prepares.
		$rows = $wpdb->get_results( $sql );
		if ( ! is_array( $rows ) || '' !== $wpdb->last_error ) {
			throw new RuntimeException( 'The database could not answer.' );
		}

		return $rows;
	}

	/**
	 * The numbers in the column `n` of rows.
	 *
	 * @param string $sql Prepared SQL.
	 * @return int[]
	 * @throws RuntimeException When the database fails.
	 */
	public static function numbers( $sql ) {
		return array_map( 'intval', wp_list_pluck( self::rows( $sql ), 'n' ) );
	}

	/**
	 * A list of texts for IN.
	 *
	 * @param string[] $words At least one.
	 * @return string SQL.
	 */
	public static function words( array $words ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.PreparedSQLPlaceholders.UnfinishedPrepare, WordPress.DB.PreparedSQL.NotPrepared -- as many placeholders as words.
		return '(' . $wpdb->prepare( implode( ',', array_fill( 0, count( $words ), '%s' ) ), $words ) . ')';
	}
}
