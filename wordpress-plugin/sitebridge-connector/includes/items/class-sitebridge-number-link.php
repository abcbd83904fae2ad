<?php
/**
 * Links between posts and the server's contents, by content number.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * For servers from before 0.4.0. A number belongs to a site on a server at an address. A new database at that
 * address assigns the same numbers again, so nothing is overwritten because of a number.
 */
final class Sitebridge_Number_Link extends Sitebridge_Link {

	/**
	 * The content numbers of posts.
	 *
	 * @param int[] $post_ids The ids of the posts.
	 * @return int[] Numbers by post id; posts without a content are left out.
	 * @throws RuntimeException When the database fails.
	 */
	public static function numbers( array $post_ids ) {
		global $wpdb;

		if ( array() === $post_ids || ! Sitebridge_Number_Links_Table::is_current() ) {
			return array();
		}
		$table = self::table_name();
		$ids   = implode( ',', array_map( 'intval', $post_ids ) );
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; the ids are cast to integers.
		$rows = self::rows( $wpdb->prepare( "SELECT post_id, content_id FROM {$table} WHERE server = %s AND post_id IN ({$ids})", self::server() ) );

		return array_map( 'intval', wp_list_pluck( $rows, 'content_id', 'post_id' ) );
	}

	/**
	 * Another content that the post is linked to.
	 *
	 * @param WP_Post $post The post.
	 * @return string
	 */
	public function other_owner( WP_Post $post ) {
		$numbers = self::numbers( array( $post->ID ) );

		return isset( $numbers[ $post->ID ] ) && (string) $numbers[ $post->ID ] !== $this->name ? (string) $numbers[ $post->ID ] : '';
	}

	/**
	 * The fields of an item that identify its content.
	 *
	 * @return array
	 */
	public function shown() {
		return array( 'content_id' => (int) $this->name );
	}

	/**
	 * The refusal of a write whose content and post are not linked to each other, with the only code that
	 * older servers know.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The number of the other content that it is linked to, or ''.
	 * @param int        $other_id The other post that the content is linked to, or 0.
	 * @param array|null $item     The post that the server names, as it is now.
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
	 * The server whose links count: its address together with the site's id.
	 *
	 * @return string 16 hex digits.
	 */
	protected static function server() {
		$stored = ( new Sitebridge_Settings() )->all();

		return substr( hash( 'sha256', $stored['server_url'] . ' ' . $stored['site_id'] ), 0, 16 );
	}

	/**
	 * Runs a query on the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	protected static function rows( $sql ) {
		return Sitebridge_Number_Links_Table::rows( $sql );
	}

	/**
	 * The table's name.
	 *
	 * @return string
	 */
	protected static function table_name() {
		return Sitebridge_Number_Links_Table::name();
	}

	/**
	 * The column of the content number.
	 *
	 * @return string
	 */
	protected static function column() {
		return Sitebridge_Number_Links_Table::COLUMN;
	}
}
