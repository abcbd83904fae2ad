<?php
/**
 * Which post is a content that its server knows by a number.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * For servers of before 0.4.0. A number is one of a site on a server at an address, and comes back with a new database
 * there: nothing is overwritten because of it.
 */
final class Sitebridge_Number_Link extends Sitebridge_Link {

	/**
	 * The numbers that some posts are.
	 *
	 * @param int[] $post_ids The posts.
	 * @return int[] The numbers by post, of those that are any.
	 * @throws RuntimeException When the database fails.
	 */
	public static function numbers( array $post_ids ) {
		global $wpdb;

		if ( array() === $post_ids || ! Sitebridge_Number_Links_Table::is_current() ) {
			return array();
		}
		$table = self::table_name();
		$ids   = implode( ',', array_map( 'intval', $post_ids ) );
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own; the ids are cast.
		$rows = self::rows( $wpdb->prepare( "SELECT post_id, content_id FROM {$table} WHERE server = %s AND post_id IN ({$ids})", self::server() ) );

		return array_map( 'intval', wp_list_pluck( $rows, 'content_id', 'post_id' ) );
	}

	/**
	 * The other content that a post is.
	 *
	 * @param WP_Post $post The post.
	 * @return string
	 */
	public function other_owner( WP_Post $post ) {
		$numbers = self::numbers( array( $post->ID ) );

		return isset( $numbers[ $post->ID ] ) && (string) $numbers[ $post->ID ] !== $this->name ? (string) $numbers[ $post->ID ] : '';
	}

	/**
	 * What an item shows of the content that it is.
	 *
	 * @return array
	 */
	public function shown() {
		return array( 'content_id' => (int) $this->name );
	}

	/**
	 * The refusal of a write whose content and post do not belong together, in the one word that older servers know.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The number that it is, or ''.
	 * @param int        $other_id The other post that the content is, or 0.
	 * @param array|null $item     The post that the server names, as it is.
	 * @return WP_Error
	 */
	public function mismatch( $post_id, $owner, $other_id, $item ) {
		return new WP_Error(
			'sitebridge_conflict',
			__( 'The post is another content of the server, or the content is another post.', 'sitebridge-connector' ),
			array(
				'status' => 409,
				'item'   => $item,
			)
		);
	}

	/**
	 * Whose numbers count: those of the site at the address of its server.
	 *
	 * @return string 16 hex digits.
	 */
	protected static function server() {
		$stored = ( new Sitebridge_Settings() )->all();

		return substr( hash( 'sha256', $stored['server_url'] . ' ' . $stored['site_id'] ), 0, 16 );
	}

	/**
	 * Asks the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	protected static function rows( $sql ) {
		return Sitebridge_Number_Links_Table::rows( $sql );
	}

	/**
	 * The table.
	 *
	 * @return string
	 */
	protected static function table_name() {
		return Sitebridge_Number_Links_Table::name();
	}

	/**
	 * The column of the name.
	 *
	 * @return string
	 */
	protected static function column() {
		return Sitebridge_Number_Links_Table::COLUMN;
	}
}
