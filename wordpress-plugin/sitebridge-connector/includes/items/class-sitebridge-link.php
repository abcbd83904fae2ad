<?php
/**
 * The link between one of the server's contents and its post.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A link is a row in a table of its own, not post meta: two posts must never be linked to one content, and
 * only the table has unique keys. The row is written before its post is created. After a crash in between,
 * the row shows that there may be a post, and the post is found by its unique guid.
 */
abstract class Sitebridge_Link {

	/**
	 * The server's name for the content: a key or a number.
	 *
	 * @var string
	 */
	protected $name;

	/**
	 * Stores the server's name for the content.
	 *
	 * @param string $name A key, or a number.
	 */
	public function __construct( $name ) {
		$this->name = (string) $name;
	}

	/**
	 * The name of the content's lock.
	 *
	 * @return string
	 */
	public function lock_name() {
		return static::table_name() . ' ' . static::server() . ' ' . $this->name;
	}

	/**
	 * The stored link of the content.
	 *
	 * @return array|null `post_id` (0 before the post was created), `seal` (identifies the last write) and
	 *                    `sealed_hash` (the post's hash after this write). Null for a content without a row.
	 */
	public function find() {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its names are not user input.
		$rows = static::rows( $wpdb->prepare( "SELECT post_id, seal, sealed_hash FROM {$table} WHERE server = %s AND {$column} = %s", static::server(), $this->name ) );

		return array() === $rows ? null : array( 'post_id' => (int) $rows[0]->post_id ) + (array) $rows[0];
	}

	/**
	 * Claims the content for a post that is about to be created.
	 *
	 * @return bool|null True for a new content; false when there may be a post of an earlier attempt; null
	 *                   when the claim cannot be stored.
	 */
	public function claim() {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		$rows = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (server, {$column}) VALUES (%s, %s)", static::server(), $this->name ) );

		return false === $rows ? null : 1 === $rows;
	}

	/**
	 * Stores which post was created for the claimed content, and by which write.
	 *
	 * @param int    $post_id     The post.
	 * @param string $seal        Identifies the write: 32 hex digits.
	 * @param string $sealed_hash The post's hash after the write.
	 * @return bool False when another post is stored already.
	 */
	public function complete( $post_id, $seal, $sealed_hash ) {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET post_id = %d, seal = %s, sealed_hash = %s WHERE server = %s AND {$column} = %s AND (post_id IS NULL OR post_id = %d)", $post_id, $seal, $sealed_hash, static::server(), $this->name, $post_id ) );
	}

	/**
	 * Links the content to an existing post. Never removes the row of another content: see other_owner().
	 *
	 * @param int $post_id The post.
	 * @return bool False when the post is linked to another content by now.
	 */
	public function adopt( $post_id ) {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		$done = $wpdb->query( $wpdb->prepare( "INSERT INTO {$table} (server, {$column}, post_id) VALUES (%s, %s, %d) ON DUPLICATE KEY UPDATE post_id = IF({$column} = VALUES({$column}), VALUES(post_id), post_id)", static::server(), $this->name, $post_id ) );
		$link = $this->find();

		return false !== $done && null !== $link && $link['post_id'] === $post_id;
	}

	/**
	 * Stores the last write of the content.
	 *
	 * @param string $seal        Identifies the write: 32 hex digits.
	 * @param string $sealed_hash The post's hash after the write.
	 */
	public function seal( $seal, $sealed_hash ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->update(
			static::table_name(),
			compact( 'seal', 'sealed_hash' ),
			array(
				'server'         => static::server(),
				static::column() => $this->name,
			)
		);
	}

	/**
	 * Deletes the link of a content whose post is gone.
	 */
	public function forget() {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->delete(
			static::table_name(),
			array(
				'server'         => static::server(),
				static::column() => $this->name,
			)
		);
	}

	/**
	 * The guid of the post that is created for the content. It finds the post when PHP ended before the
	 * post's id was stored in the table.
	 *
	 * @return string
	 */
	public function guid() {
		return 'urn:sitebridge:' . static::server() . ':' . $this->name;
	}

	/**
	 * The post with the content's guid. Searches all posts of the type, because guids have no index.
	 *
	 * @param string $post_type The post type.
	 * @return int The post's id; 0 when there is none.
	 */
	public function find_by_guid( $post_type ) {
		global $wpdb;

		$found = Sitebridge_Item_Query::numbers( $wpdb->prepare( "SELECT ID AS n FROM {$wpdb->posts} WHERE post_type = %s AND guid = %s ORDER BY ID LIMIT 1", $post_type, $this->guid() ) );

		return array() === $found ? 0 : $found[0];
	}

	/**
	 * Another content that the post is linked to.
	 *
	 * @param WP_Post $post The post.
	 * @return string The server's name for the other content; '' when there is none.
	 */
	abstract public function other_owner( WP_Post $post );

	/**
	 * The fields of an item that identify its content.
	 *
	 * @return array
	 */
	abstract public function shown();

	/**
	 * The refusal of a write whose content and post are not linked to each other.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The other content that it is linked to, or ''.
	 * @param int        $other_id The other post that the content is linked to, or 0.
	 * @param array|null $item     The post that the server names, as it is now.
	 * @return WP_Error
	 */
	abstract public function mismatch( $post_id, $owner, $other_id, $item );

	/**
	 * The server whose links count.
	 *
	 * @return string 16 hex digits.
	 */
	abstract protected static function server();

	/**
	 * Runs a query on the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	abstract protected static function rows( $sql );

	/**
	 * The table's name.
	 *
	 * @return string
	 */
	abstract protected static function table_name();

	/**
	 * The column of the server's name for a content.
	 *
	 * @return string
	 */
	abstract protected static function column();
}
