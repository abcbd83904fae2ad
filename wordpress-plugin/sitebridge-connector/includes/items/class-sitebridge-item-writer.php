<?php
/**
 * Writes the server's contents.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Creates or updates the one post of a content, if the post is still what the server expects.
 */
final class Sitebridge_Item_Writer {

	/**
	 * Marks the changes as made by the server.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * Reads and writes meta.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Computes the hashes.
	 *
	 * @var Sitebridge_Item_Hash
	 */
	private $hashes;

	/**
	 * Reads the written post.
	 *
	 * @var Sitebridge_Item_Reader
	 */
	private $reader;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Request_Gate $gate   Marks the changes as made by the server.
	 * @param Sitebridge_Item_Fields  $fields Reads and writes meta.
	 * @param Sitebridge_Item_Hash    $hashes Computes the hashes.
	 * @param Sitebridge_Item_Reader  $reader Reads the written post.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Item_Fields $fields, Sitebridge_Item_Hash $hashes, Sitebridge_Item_Reader $reader ) {
		$this->gate   = $gate;
		$this->fields = $fields;
		$this->hashes = $hashes;
		$this->reader = $reader;
	}

	/**
	 * Writes a content.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param array           $input `type`, `op_id`, and the other arguments of the route; absent fields stay
	 *                               as they are.
	 * @return array|WP_Error `created`, `item`, `notes`.
	 * @throws RuntimeException When the database fails.
	 */
	public function write( Sitebridge_Link $link, array $input ) {
		if ( ! Sitebridge_Item_Lock::acquire( $link ) ) {
			return self::busy();
		}
		try {
			return $this->gate->within_operation(
				$input['op_id'],
				function () use ( $link, $input ) {
					return $this->write_locked( $link, $input );
				}
			);
		} finally {
			Sitebridge_Item_Lock::release( $link );
		}
	}

	/**
	 * Writes a content while holding its lock.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param array           $input See write().
	 * @return array|WP_Error
	 */
	private function write_locked( Sitebridge_Link $link, array $input ) {
		if ( $link instanceof Sitebridge_Item_Link ) {
			Sitebridge_Item_Link::restore();
		}
		$known = $link->find();
		$named = isset( $input['id'] );
		$own   = self::own_post( $link, $known, $input['type'] );
		$post  = $named ? self::post( $input['id'], $input['type'] ) : $own;
		$hash  = null;
		if ( null !== $post ) {
			if ( ! current_user_can( 'edit_post', $post->ID ) ) {
				return new WP_Error( 'rest_cannot_edit', __( 'The user that requests act as may not edit this post.', 'sitebridge-connector' ), array( 'status' => 403 ) );
			}
			$hashes = $this->hashes->of( $post->post_type, array( $post->ID ) );
			$hash   = isset( $hashes[ $post->ID ] ) ? $hashes[ $post->ID ] : null;
		}
		$seal = md5( (string) wp_json_encode( $input ) );
		if ( null !== $hash && null !== $known && $known['post_id'] === $post->ID && $known['seal'] === $seal && $known['sealed_hash'] === $hash ) {
			// The server repeats a write because the response was lost. The write is already done.
			return self::answer( false, $this->reader->one( $post ), array() );
		}
		$refusals = new Sitebridge_Item_Refusals( $this->reader );
		$refusal  = $named ? $refusals->of_update( $link, $own, $post, $hash, $input ) : $refusals->of_create( $link, $post, $input );
		if ( null === $refusal && $named ) {
			$refusal = Sitebridge_Item_Editor::refusal( $post, $input );
		}
		if ( null !== $refusal ) {
			return $refusal;
		}
		$save = $named ? $this->update( $link, $input, $post, $known ) : $this->create( $link, $input, $known );
		if ( is_wp_error( $save ) ) {
			return $save;
		}
		$item = $this->reader->one( $save->post() );
		if ( null === $item ) {
			return new WP_Error( 'rest_cannot_edit', __( 'The post was saved, and may not be edited by the user that requests act as.', 'sitebridge-connector' ), array( 'status' => 403 ) );
		}
		if ( $named ) {
			$link->seal( $seal, $item['hash'] );
		} elseif ( ! $link->complete( $item['id'], $seal, $item['hash'] ) ) {
			// The lock let two requests in. The post of the other request stays.
			wp_delete_post( $item['id'], true );
			return self::busy();
		}

		// A new post was read before its link was stored, so its item still lacks the content's key or
		// number.
		return self::answer( ! $named, array_merge( $item, $link->shown() ), $save->notes() );
	}

	/**
	 * The post that a content is linked to.
	 *
	 * @param Sitebridge_Link $link      The content's link.
	 * @param array|null      $known     The stored link, see Sitebridge_Link::find().
	 * @param string          $post_type The post type.
	 * @return WP_Post|null Null when there is no such post.
	 */
	private static function own_post( Sitebridge_Link $link, $known, $post_type ) {
		if ( null === $known ) {
			return null;
		}

		// A link without a post id: PHP may have ended, or a plugin failed, between creating the post and
		// storing its id.
		return self::post( $known['post_id'] > 0 ? $known['post_id'] : $link->find_by_guid( $post_type ), $post_type );
	}

	/**
	 * A saved post of a type.
	 *
	 * @param int    $id        The post's id, or 0.
	 * @param string $post_type The post type.
	 * @return WP_Post|null
	 */
	public static function post( $id, $post_type ) {
		$post = $id > 0 ? get_post( $id ) : null;

		return $post instanceof WP_Post && $post->post_type === $post_type && ! in_array( $post->post_status, array( 'auto-draft', 'inherit' ), true ) ? $post : null;
	}

	/**
	 * Creates the post.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param array           $input See write().
	 * @param array|null      $known The stored link, see Sitebridge_Link::find().
	 * @return Sitebridge_Item_Save|WP_Error
	 */
	private function create( Sitebridge_Link $link, array $input, $known ) {
		if ( null !== $known && $known['post_id'] > 0 ) {
			// The linked post was deleted without WordPress's functions, or has another type now.
			$link->forget();
		}
		$save    = new Sitebridge_Item_Save( $this->fields, $input, null );
		$allowed = $save->check_permission();
		if ( is_wp_error( $allowed ) ) {
			return $allowed;
		}
		if ( null === $link->claim() ) {
			throw new RuntimeException( 'The link of the content could not be stored.' );
		}
		$done = $save->create( $link->guid() );

		return is_wp_error( $done ) ? $done : $save;
	}

	/**
	 * Updates a post.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param array           $input See write().
	 * @param WP_Post         $post  The post.
	 * @param array|null      $known The stored link, see Sitebridge_Link::find().
	 * @return Sitebridge_Item_Save|WP_Error
	 */
	private function update( Sitebridge_Link $link, array $input, WP_Post $post, $known ) {
		list( $input, $notes ) = Sitebridge_Item_Builder::without_content( $input, $post );

		$save    = new Sitebridge_Item_Save( $this->fields, $input, $post, $notes );
		$allowed = $save->check_permission();
		if ( is_wp_error( $allowed ) ) {
			return $allowed;
		}
		if ( ( null === $known || $known['post_id'] !== $post->ID ) && ! $link->adopt( $post->ID ) ) {
			return self::busy();
		}
		if ( 'trash' === $post->post_status ) {
			// The write has no expected hash, so it applies to a post in the trash too. There must be no
			// second post beside it.
			wp_untrash_post( $post->ID );
		}
		$done = $save->update();

		return is_wp_error( $done ) ? $done : $save;
	}

	/**
	 * The result of a write.
	 *
	 * @param bool    $created Whether the post was created.
	 * @param array   $item    The post as it is now.
	 * @param array[] $notes   The refused terms and values.
	 * @return array
	 */
	private static function answer( $created, $item, array $notes ) {
		return compact( 'created', 'item', 'notes' );
	}

	/**
	 * The error while another request writes the content.
	 *
	 * @return WP_Error
	 */
	private static function busy() {
		return new WP_Error( 'sitebridge_busy', __( 'This content is being written by another request. Try again.', 'sitebridge-connector' ), array( 'status' => 503 ) );
	}
}
